// A service after a burst: many buffers and objects were alive and are garbage
// now. Its watchdog may return what the allocator keeps. Argument: "on" or "off".
// Prints one JSON object: memory over time.

import process from "node:process";
import { type MemInfo, openSampler } from "../../mod.ts";
import { findForceGc } from "../../platform/force_gc.ts";
import { readAnonymousMemory } from "../../platform/returned_memory.ts";
import { watchdog, type WatchdogCounters } from "../../watchdog.ts";

/** What it prints. Sizes are bytes. */
export interface ReturnCost {
  /** Anonymous memory at its most, and at the end. */
  most: number;
  last: number;
  runtimeTotal: number;
  counters: WatchdogCounters;
  /** The longest time between two ticks of 5 ms after the burst, in milliseconds. */
  stall: number;
  messages: string[];
}

const messages: string[] = [];
const dog = watchdog({
  returnMemory: process.argv[2] === "on" ? {} : false,
  logger: {
    info: (message) => void messages.push(message),
    debug: (message) => void messages.push(message),
  },
});
const sampler = openSampler();
const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time));
let most = 0;
const kept: unknown[] = [];

// Blocks that glibc takes from its heap, with some that stay alive between them.
for (let i = 0; i < 3_600; i++) {
  kept.push(Buffer.allocUnsafeSlow(60_000).fill(1), { i });
  if (i % 20 === 0) await pause(5);
  if (i % 200 === 0) most = Math.max(most, readAnonymousMemory()!);
}
most = Math.max(most, readAnonymousMemory()!);
const survivors = kept.filter((_, i) => i % 100 === 0);
kept.length = 0;
// Twice, because V8 counts buffers off at the next collection.
for (let i = 0; i < 2; i++) {
  await pause(50);
  findForceGc()!();
}
let stall = 0;
let last = performance.now();
const end = last + 12_000;
while (performance.now() < end) {
  // Some work, which makes garbage too.
  JSON.parse(JSON.stringify(Array.from({ length: 200 }, (_, i) => ({ i }))));
  await pause(5);
  const now = performance.now();
  stall = Math.max(stall, now - last);
  last = now;
}
const { runtimeTotal } = sampler.sample() as MemInfo;
console.log(
  JSON.stringify(
    {
      most,
      last: readAnonymousMemory()!,
      runtimeTotal: runtimeTotal!,
      counters: dog.counters,
      stall,
      messages: messages.filter((message) => /return/.test(message)),
    } satisfies ReturnCost,
  ),
);
dog.stop();
sampler.close();
if (survivors.length === 0) throw new Error("nothing survived");
