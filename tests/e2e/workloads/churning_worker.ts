// A worker thread of workers.ts.

import { parentPort, workerData } from "node:worker_threads";
import { ENTRIES_PER_BATCH, makeEntry, turn } from "./entries.ts";

const { live, work } = workerData as { live: number; work: number };
const ring: unknown[] = new Array(live * ENTRIES_PER_BATCH);

for (let i = 0; i < work * ENTRIES_PER_BATCH; i++) {
  ring[(i * 7) % ring.length] = makeEntry(i);
  if (i % 32 === 0) await turn();
}
parentPort!.postMessage("done");
