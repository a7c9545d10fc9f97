// Terminates workers in the middle of a watch, and prints how many file
// descriptors the process had before and after.

import fs from "node:fs";
import process from "node:process";
import { isMainThread, parentPort, Worker } from "node:worker_threads";

const WORKERS = 5;

const countOpen = () => fs.readdirSync("/proc/self/fd").length;

async function terminateOne(): Promise<void> {
  const worker = new Worker(new URL(import.meta.url));
  await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  await worker.terminate();
}

if (isMainThread) {
  // A runtime keeps some for its first worker.
  await terminateOne();
  const before = countOpen();
  for (let i = 0; i < WORKERS; i++) await terminateOne();
  // A runtime may close a worker's files only after terminate() has resolved.
  const deadline = Date.now() + 5_000;
  while (countOpen() - before >= WORKERS && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  console.log(JSON.stringify({ workers: WORKERS, left: countOpen() - before }));
  process.exit(0);
} else {
  const { watch } = await import("../../../mod.ts");
  let samples = 0;
  // Not awaited: Deno itself leaves two descriptors of a worker that is
  // terminated while its module is still being evaluated.
  watch({ interval: 1, pressure: true, usage: "workingSet", wakeOnPressure: true }, () => {
    if (++samples === 3) parentPort!.postMessage("sampled");
  });
}
