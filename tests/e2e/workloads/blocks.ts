// Allocates and drops as allocations.ts does, but keeps the event loop blocked
// for some hundred milliseconds at a time: no timer can run meanwhile.

import { makeBatch } from "./start.ts";
import { turn } from "./entries.ts";
import { end, live, work } from "./sized.ts";

const BATCHES_PER_BLOCK = 250;
const ring: unknown[] = new Array(live);

for (let i = 0; i < work; i++) {
  ring[(i * 7) % live] = makeBatch(i);
  if (i % BATCHES_PER_BLOCK === 0) await turn();
}
end();
