// The worker of worker_garbage.ts: allocates and drops, as loop.ts does.

import { parentPort, workerData } from "node:worker_threads";
import { watchdog } from "../../../watchdog.ts";

const LIVE = 60;
const BATCHES = 1_000;

const dog = workerData.watchdog ? watchdog() : undefined;
const ring: unknown[] = new Array(LIVE);
for (let i = 0; i < BATCHES; i++) {
  const batch: unknown[] = [];
  for (let j = 0; j < 6_000; j++) batch.push({ i, j, pad: [i, j, i, i, i, i, i, i] });
  ring[(i * 7) % LIVE] = batch;
  if (i % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
}
parentPort!.postMessage(dog?.counters);
