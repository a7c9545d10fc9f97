// Live data that grows until the process is killed, under a watchdog that writes
// evidence. Arguments: the folder for it, or "none"; "objects" or "buffers"; how
// much is live at once, how much more comes each second, and at most how much, in
// MiB. Prints what is live, and at the maximum the counters.

import process from "node:process";
import { MiB } from "../../../mod.ts";
import { watchdog } from "../../../watchdog.ts";

const [folder, kind, live, rate, most] = process.argv.slice(2) as [
  string,
  keyof typeof makers,
  ...string[],
];
const evidence = folder === "none" ? undefined : { directory: folder };
const dog = watchdog({
  evidence,
  logger: { info: console.log, warn: console.log, error: console.log },
});

/** A quarter of a MiB of each kind, about. */
const makers = {
  objects: (seed: number) =>
    Array.from({ length: 1_500 }, (_, i) => ({ seed, i, pad: [i, seed, i, i, i, i, i, i] })),
  buffers: (seed: number) => Buffer.alloc(MiB / 4, seed),
};

const kept: unknown[] = [];
const TICK = 20;
/** MiB a second at first. Without it, the watchdog would have no turn before half is filled. */
const FILLING = 100;
let due = 0;
let printed = 0;
while (kept.length / 4 < Number(most)) {
  // By ticks and not by the clock: on a busy machine it is late, and never in haste.
  due += (due < Number(live) ? FILLING : Number(rate)) * TICK / 1000;
  while (kept.length / 4 < Math.min(due, Number(most))) kept.push(makers[kind](kept.length));
  if (kept.length / 4 >= printed + 1) console.log(`live ${printed = Math.floor(kept.length / 4)}`);
  await new Promise((resolve) => setTimeout(resolve, TICK));
}
await new Promise((resolve) => setTimeout(resolve, 3_000));
console.log(JSON.stringify(dog.counters));
dog.stop();
if (kept.length === 0) throw new Error("nothing was live");
