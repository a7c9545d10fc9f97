// An LRU cache that is full. Two thirds of its keys fit, so that a third of
// the look-ups make a new entry and drop the oldest one.

import { ENTRIES_PER_BATCH, makeEntry, turn } from "./entries.ts";
import { end, live, work } from "./sized.ts";

const capacity = live * ENTRIES_PER_BATCH;
const keys = Math.ceil(capacity * 1.5);
const cache = new Map<number, unknown>();
let random = 1;
let misses = 0;

for (let key = 0; key < capacity; key++) cache.set(key, makeEntry(key));
for (let i = 0; misses < work; i++) {
  // Xorshift: the same keys in each run and runtime.
  random ^= random << 13;
  random ^= random >>> 17;
  random ^= random << 5;
  get((random >>> 0) % keys);
  if (i % 64 === 0) await turn();
}
end();

function get(key: number): unknown {
  let entry = cache.get(key);
  if (entry === undefined) {
    misses++;
    entry = makeEntry(key);
    if (cache.size >= capacity) cache.delete(cache.keys().next().value!);
  } else {
    cache.delete(key);
  }
  cache.set(key, entry);
  return entry;
}
