// A cache that fills 91 % of the limit and is all live, until it is dropped
// after some seconds, as onIneffective advises. Then ordinary work goes on.
// Arguments: milliseconds until the drop, or "told" for the signal SIGUSR2; and the
// pause after each mebibyte of work. Prints when it is full.

import process from "node:process";
import { type MemInfo, openSampler } from "../../../mod.ts";
import { args, finish, makeBatch } from "./start.ts";

const [HOLD = "20000", PAUSE = "5"] = args;
const LIVE = 20;
const BATCHES = 400;

const sampler = openSampler({ usage: "workingSet" });
const cache: unknown[] = [];
const tick = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Fraction of the limit that is used. */
function used(): number {
  const info = sampler.sample() as MemInfo;
  return 1 - info.headroom()! / info.cgroupLimit!;
}

while (used() < 0.91) {
  cache.push(makeBatch(cache.length));
  await tick(5);
}
const told = new Promise((resolve) => process.once("SIGUSR2", resolve));
console.log("the cache is full");
if (HOLD === "told") {
  // Listening to a signal does not keep a process alive.
  const alive = setInterval(() => {}, 60_000);
  await told;
  clearInterval(alive);
} else {
  await tick(Number(HOLD));
}
if (cache.length === 0) throw new Error("nothing was cached");
cache.length = 0;
const ring: unknown[] = new Array(LIVE);
let most = 0;
for (let i = 0; i < BATCHES; i++) {
  ring[(i * 7) % LIVE] = makeBatch(i);
  most = Math.max(most, used());
  await tick(Number(PAUSE));
}
finish({ most });
sampler.close();
