// Does nothing but wait for some seconds, with a watch, a watchdog, a timer
// or none of them, and tells what that took. Arguments: "watch", "watchdog",
// "timer" or "nothing", the interval, the whole time and the time to settle
// before it in milliseconds. Prints one JSON object.

import process from "node:process";
import { watch } from "../../mod.ts";
import { nodeFileIo } from "../../platform/file_io.ts";
import { watchdog } from "../../watchdog.ts";
import { quantile } from "../../tests/support/numbers.ts";

/** What waiting took. */
export interface Idle {
  /** Milliseconds of processor time per second. */
  cpu: number;
  ticks: number;
  /** Reads of kernel files per second. */
  reads: number;
  /** How far from the interval two ticks were apart, in milliseconds. */
  p50: number;
  p99: number;
  max: number;
}

const [how, interval, duration, settle] = [
  process.argv[2],
  ...process.argv.slice(3).map(Number),
] as [
  "watch" | "watchdog" | "timer" | "nothing",
  number,
  number,
  number,
];
const off: number[] = [];
let last = NaN;
const tick = () => {
  const now = performance.now();
  if (!Number.isNaN(last)) off.push(Math.abs(now - last - interval));
  last = now;
};

const dog = how === "watchdog" ? watchdog({ interval }) : undefined;
let reads = 0;
const { read } = nodeFileIo;
nodeFileIo.read = (fd, into) => {
  reads++;
  return read(fd, into);
};

// What starting costs is not asked here, nor how a watchdog falls asleep.
await new Promise((resolve) => setTimeout(resolve, settle));
reads = 0;
const before = process.cpuUsage();
const stop = new AbortController();
if (how === "watch") void watch({ interval, signal: stop.signal }, tick);
const timer = how === "timer" ? setInterval(tick, interval) : undefined;
await new Promise((resolve) => setTimeout(resolve, duration));
stop.abort();
clearInterval(timer);
dog?.stop();
const { user, system } = process.cpuUsage(before);
console.log(
  JSON.stringify(
    {
      cpu: (user + system) / duration,
      ticks: off.length,
      reads: reads / duration * 1_000,
      p50: quantile(off, 0.5),
      p99: quantile(off, 0.99),
      max: quantile(off, 1),
    } satisfies Idle,
  ),
);
