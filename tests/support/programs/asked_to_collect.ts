// Makes garbage, asks the engine to collect, and waits until most of it is gone
// without allocating much. Prints what it saw as JSON.

import v8 from "node:v8";
import { findRequestGc } from "../../../src/host/gc.ts";

const request = findRequestGc()!;
let garbage: unknown[] = Array.from({ length: 300_000 }, (_, i) => ({ i, list: [i, i, i] }));
const before = v8.getHeapStatistics();
garbage = [garbage.length];
const asked = request();
const after = v8.getHeapStatistics();
let used = after.used_heap_size;
for (let turns = 0; turns < 4_000 && used > before.used_heap_size * 0.7; turns++) {
  await new Promise((resolve) => setTimeout(resolve, 5));
  used = v8.getHeapStatistics().used_heap_size;
}
console.log(JSON.stringify({
  asked,
  kept: garbage.length,
  external: after.external_memory - before.external_memory,
  before: before.used_heap_size,
  used,
}));
