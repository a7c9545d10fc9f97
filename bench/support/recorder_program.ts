// What a record costs in this runtime: recorder_program.ts FILE. Prints JSON.

import process from "node:process";
import { openSampler } from "../../mod.ts";
import { recorder } from "../../recorder.ts";
import { findForceGc } from "../../src/host/gc.ts";
import { median } from "../../tests/support/numbers.ts";

/** Microseconds per record, and bytes. */
export interface RecorderCost {
  given: number;
  sample: number;
  both: number;
  /** Live bytes more after a round than before, per record. */
  growth: number;
}

const ROUNDS = 9;
const RECORDS = 4_000;
const gc = findForceGc()!;

const flight = recorder({ file: process.argv[2]!, interval: false });
const sampler = openSampler({ usage: "workingSet" });
const info = await sampler.sample();

const tasks: Record<"given" | "sample" | "both", () => unknown> = {
  given: () => flight.sample(info),
  sample: () => sampler.sample(),
  both: () => flight.sample(),
};
const times: Record<string, number[]> = { given: [], sample: [], both: [] };
for (const task of Object.values(tasks)) round(task);
const before = live();
for (let i = 0; i < ROUNDS; i++) {
  for (const [name, task] of Object.entries(tasks)) times[name]!.push(round(task));
}
const growth = Math.max(0, live() - before) / (ROUNDS * 2 * RECORDS);
console.log(JSON.stringify({
  given: median(times.given!),
  sample: median(times.sample!),
  both: median(times.both!),
  growth,
}));
process.exit();

function round(task: () => unknown): number {
  const start = performance.now();
  for (let i = 0; i < RECORDS; i++) task();
  return (performance.now() - start) * 1000 / RECORDS;
}

function live(): number {
  gc();
  gc();
  return process.memoryUsage().heapUsed;
}
