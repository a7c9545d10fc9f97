// A slow leak up to 92 % of the limit: everything is live, and collecting
// cannot help.

import { type MemInfo, openSampler } from "../../../mod.ts";
import { finish, makeBatch } from "./start.ts";

const sampler = openSampler({ usage: "workingSet" });
const kept: unknown[] = [];
const tick = () => new Promise((resolve) => setTimeout(resolve, 10));

/** Fraction of the limit that is left. */
function left(): number {
  const info = sampler.sample() as MemInfo;
  return info.headroom()! / info.cgroupLimit!;
}

while (left() > 0.08) {
  kept.push(makeBatch(kept.length));
  await tick();
}
// It stays there for a while, for the watchdog to spin if it would.
for (let i = 0; i < 100; i++) await tick();
finish();
sampler.close();
if (kept.length === 0) throw new Error("nothing leaked");
