// Counts what samples allocate, in this runtime. Arguments: how many samples,
// how many between two looks, and `headroom` for samples of nothing else.
// Prints one JSON object.

import process from "node:process";
import v8 from "node:v8";
import { openSampler } from "../../mod.ts";

/** Bytes. */
export interface Garbage {
  /** Allocated per sample, nothing being collected meanwhile. */
  perSample: number;
  /** Heap in use after a collection: at the first look, and at the last. */
  before: number;
  after: number;
}

interface BunGlobal {
  gc(sync: true): void;
}

const [samples, chunk] = process.argv.slice(2, 4).map(Number) as [number, number];
const bun = (globalThis as { Bun?: BunGlobal }).Bun;
const collect = bun ? () => bun.gc(true) : (globalThis as unknown as { gc(): void }).gc;
/** What is in use; in JavaScriptCore the blocks that were taken, which it fills one by one. */
const used = bun ? bunHeap() : () => v8.getHeapStatistics().used_heap_size;

const sampler = openSampler(process.argv[4] === "headroom" ? { fields: ["headroom"] } : {});
let last: unknown;
const take = (count: number) => {
  for (let i = 0; i < count; i++) last = sampler.sample();
};
take(chunk);
collect();
const before = used();
let allocated = 0;
for (let taken = 0; taken < samples; taken += chunk) {
  collect();
  const start = used();
  take(chunk);
  allocated += used() - start;
}
collect();
const after = used();
if (last === undefined) throw new Error("nothing was sampled");
console.log(
  JSON.stringify({ perSample: allocated / samples, before, after } satisfies Garbage),
);

function bunHeap(): () => number {
  const { heapStats } = process.getBuiltinModule("bun:jsc" as "v8") as unknown as {
    heapStats(): { heapCapacity: number };
  };
  return () => heapStats().heapCapacity;
}
