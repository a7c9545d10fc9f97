// Allocates and drops batches of ordinary objects. Each batch lives long enough
// to be promoted to the old generation.

import { makeBatch } from "./start.ts";
import { turn } from "./entries.ts";
import { end, live, work } from "./sized.ts";

const ring: unknown[] = new Array(live);

for (let i = 0; i < work; i++) {
  ring[(i * 7) % live] = makeBatch(i);
  if (i % 4 === 0) await turn();
}
end();
