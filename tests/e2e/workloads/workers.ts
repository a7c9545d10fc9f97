// Two worker threads allocate and drop; the main thread does nothing.

import { Worker } from "node:worker_threads";
import { end, live, work } from "./sized.ts";

const WORKERS = 2;

await Promise.all(Array.from({ length: WORKERS }, () => {
  const worker = new Worker(new URL("./churning_worker.ts", import.meta.url), {
    workerData: { live: Math.max(1, Math.floor(live / WORKERS)), work: work / WORKERS },
  });
  return new Promise<void>((resolve, reject) => {
    worker.on("message", () => resolve(void worker.terminate()));
    worker.on("error", reject);
  });
}));
end();
