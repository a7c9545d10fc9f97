// The garbage is in a worker, the watchdog in the main isolate, and with the
// argument "both" in the worker too.

import { Worker } from "node:worker_threads";
import type { WatchdogCounters } from "../../../watchdog.ts";
import { args, finish } from "./start.ts";

const file = new URL("garbage_worker.ts", import.meta.url);
const worker = new Worker(file, { workerData: { watchdog: args[0] === "both" } });
const counters = await new Promise<WatchdogCounters | undefined>((resolve, reject) => {
  worker.once("message", resolve);
  worker.once("error", reject);
});
finish({ worker: counters });
