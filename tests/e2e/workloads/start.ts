// What every workload begins and ends with: the watchdog, if the second
// argument asks for it, and one line of JSON about how it went. The argument
// "watchdog=0.5,0.8" gives the watermarks too.

import process from "node:process";
import { type Watchdog, watchdog, watermarks } from "../../../watchdog.ts";

const [, , mode, ...rest] = process.argv;
const [protection, marks] = mode?.split("=") ?? [];

/** Arguments of the workload itself. */
export const args: string[] = rest;

/** The watchdog, or `undefined` in a baseline run. */
export const dog: Watchdog | undefined = protection === "watchdog"
  ? watchdog(marks === undefined ? {} : { policy: watermarks(marks.split(",").map(Number)) })
  : undefined;

/** One batch of ordinary objects, about one mebibyte. */
export function makeBatch(seed: number): unknown[] {
  const batch: unknown[] = [];
  for (let i = 0; i < 6_000; i++) batch.push({ seed, i, pad: [i, seed, i, i, i, i, i, i] });
  return batch;
}

const started = performance.now();

/** Says how it went and lets the process end. */
export function finish(more: Record<string, unknown> = {}): void {
  const milliseconds = Math.round(performance.now() - started);
  const state = dog?.state;
  const { scope, counters } = dog ?? {};
  console.log(JSON.stringify({ milliseconds, state, scope, counters, ...more }));
  dog?.stop();
}
