// Allocate and drop: about 60 MiB live at any time, 1.5 GiB in all. Each batch
// lives long enough to be promoted, as what a service caches does.

import { args, finish, makeBatch } from "./start.ts";

const LIVE = 60;
const batches = Number(args[0] ?? 1_500);
const ring: unknown[] = new Array(LIVE);

for (let i = 0; i < batches; i++) {
  ring[(i * 7) % LIVE] = makeBatch(i);
  if (i % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
}
finish();
