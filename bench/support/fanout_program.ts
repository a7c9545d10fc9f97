// Many watches in one process. Arguments: how many, "same" or "different"
// intervals, and the time in milliseconds. Prints one JSON object.

import fs from "node:fs";
import process from "node:process";
import { watch } from "../../mod.ts";

/** What they took together. */
export interface Fanout {
  calls: number;
  /** Microseconds of processor time per call, the idle process's taken off. */
  perCall: number;
  /** File descriptors more than without any watch. */
  descriptors: number;
  /** Bytes of heap per watch. */
  heapPerWatch: number;
}

const [count, how, duration] = [
  Number(process.argv[2]),
  process.argv[3],
  Number(process.argv[4]),
] as [number, "same" | "different", number];
const bun = (globalThis as { Bun?: { gc(sync: true): void } }).Bun;
const collect = bun ? () => bun.gc(true) : (globalThis as unknown as { gc(): void }).gc;

const rest = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));
const cpuOf = async (milliseconds: number) => {
  const before = process.cpuUsage();
  await rest(milliseconds);
  const { user, system } = process.cpuUsage(before);
  return user + system;
};
const descriptorsNow = () => fs.readdirSync("/proc/self/fd").length;
const heapNow = () => {
  collect();
  return process.memoryUsage().heapUsed;
};

await rest(300);
const idle = await cpuOf(duration);
const descriptors = descriptorsNow();
let calls = 0;
const stop = new AbortController();
// AbortSignal warns of many listeners in Node; each watch has its own signal.
const stops = Array.from({ length: count }, () => AbortSignal.any([stop.signal]));
const withSignals = heapNow();
for (const [i, signal] of stops.entries()) {
  // From 500 to 1,500 ms: the same number of calls either way.
  const interval = how === "same" ? 1000 : 500 + (i * 997) % 1000;
  void watch({ interval, signal }, () => void calls++);
}
const heapPerWatch = (heapNow() - withSignals) / count;
await rest(1500);
calls = 0;
const busy = await cpuOf(duration);
console.log(
  JSON.stringify(
    {
      calls,
      perCall: Math.max(0, busy - idle) / calls,
      descriptors: descriptorsNow() - descriptors,
      heapPerWatch,
    } satisfies Fanout,
  ),
);
stop.abort();
