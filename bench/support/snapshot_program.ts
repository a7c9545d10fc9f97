// Holds data, writes one heap snapshot and prints one JSON object: its cost.
// Arguments: the kind of data, MiB of it, the cgroup's usage and peak files, and a folder.

import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import v8 from "node:v8";
import { findForceGc } from "../../platform/force_gc.ts";
import { MiB, openSampler } from "../../mod.ts";
import type { MemInfo } from "../../src/mem_info.ts";

/** Bytes, unless it says otherwise. */
export interface SnapshotCost {
  heapUsed: number;
  runtimeTotal: number;
  /** The cgroup's usage before, and at most while it was written. */
  before: number;
  peak: number;
  /** The same of the resident set. */
  rssBefore: number;
  rssPeak: number;
  /** Size of the file. */
  file: number;
  milliseconds: number;
}

const [kind, size, usageFile, peakFile, folder] = process.argv.slice(2) as [
  keyof typeof makers,
  string,
  string,
  string,
  string,
];

/** One MiB of each kind, about: in Node, whose pointers take eight bytes. */
const makers = {
  // As many data structures hold: an object with an array.
  objects: (seed: number) =>
    Array.from({ length: 6_000 }, (_, i) => ({ seed, i, pad: [i, seed, i, i, i, i, i, i] })),
  // The most objects per byte.
  "small objects": (seed: number) => {
    let list: unknown;
    for (let i = 0; i < 26_000; i++) list = { seed, list };
    return list;
  },
  // The most references per byte.
  references: (seed: number) => new Array(131_072).fill({ seed }),
  // Numbers that do not fit in the reference itself, as in an array of anything.
  numbers: (seed: number) => Array.from({ length: 43_000 }, (_, i) => i ? seed + i / 7 : "text"),
  strings: (seed: number) =>
    Array.from({ length: 4_000 }, (_, i) => `${seed} ${i} `.padEnd(200, "text ").toUpperCase()),
  Buffers: (seed: number) => Buffer.alloc(MiB, seed),
};

const held: unknown[] = [];
for (let i = 0; i < Number(size); i++) {
  held.push(makers[kind](i));
  if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
}
findForceGc()!();
await new Promise((resolve) => setTimeout(resolve, 200));
const sampler = openSampler();
const { heapUsed, runtimeTotal } = sampler.sample() as MemInfo;
const status = (name: string) =>
  Number(new RegExp(`${name}:\\s+(\\d+)`).exec(fs.readFileSync("/proc/self/status", "utf8"))![1]) *
  1024;
const read = (file: string) => Number(fs.readFileSync(file, "utf8"));
fs.writeFileSync("/proc/self/clear_refs", "5"); // sets VmHWM to VmRSS
const before = read(usageFile);
const rssBefore = status("VmRSS");
const start = performance.now();
const file = v8.writeHeapSnapshot(path.join(folder, `${process.pid}.heapsnapshot`));
const milliseconds = performance.now() - start;
console.log(
  JSON.stringify(
    {
      heapUsed: heapUsed!,
      runtimeTotal: runtimeTotal!,
      before,
      peak: read(peakFile),
      rssBefore,
      rssPeak: status("VmHWM"),
      file: fs.statSync(file).size,
      milliseconds,
    } satisfies SnapshotCost,
  ),
);
fs.rmSync(file);
if (held.length === 0) throw new Error("nothing was held");
