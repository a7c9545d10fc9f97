// Holds data, writes evidence once and prints one JSON object: its cost. Arguments:
// MiB of objects, the cgroup's usage and peak files, and a folder.

import fs from "node:fs";
import process from "node:process";
import { type MemInfo, openSampler } from "../../mod.ts";
import { findForceGc } from "../../platform/force_gc.ts";
import { EvidenceWriter } from "../../src/watchdog/evidence.ts";
import { readEvidence } from "../../src/watchdog/evidence_options.ts";

/** Bytes, unless it says otherwise. */
export interface EvidenceCost {
  heapUsed: number;
  /** The cgroup's usage before, and at most while it was written. */
  before: number;
  peak: number;
  /** Sizes of the files. */
  files: number[];
  milliseconds: number;
}

const [size, usageFile, peakFile, directory] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
];
const sampler = openSampler();
const evidence = new EvidenceWriter({
  settings: readEvidence({ directory })!,
  scope: "cgroup",
  now: () => performance.now(),
  logger: { warn: console.error },
  sampleAll: () => sampler.sample() as MemInfo,
  counters: () => undefined,
  snapshots: undefined,
  fail: console.error,
});
const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time));

// From here on it samples.
evidence.look({ used: 60, limit: 100 }, sampler.sample() as MemInfo);
await pause(100);
const held: unknown[] = [];
for (let seed = 0; seed < Number(size) * 4; seed++) {
  held.push(
    Array.from({ length: 1_500 }, (_, i) => ({ seed, i, pad: [i, seed, i, i, i, i, i, i] })),
  );
  if (seed % 40 === 0) await pause(0);
}
findForceGc()!();
await pause(200);
const read = (file: string) => Number(fs.readFileSync(file, "utf8"));
const info = sampler.sample() as MemInfo;
const before = read(usageFile);
fs.writeFileSync(peakFile, "0"); // sets the peak to the usage
const start = performance.now();
evidence.look({ used: 90, limit: 100 }, info);
evidence.finish();
while (evidence.written + evidence.failed === 0) await pause(0);
const milliseconds = performance.now() - start;
console.log(
  JSON.stringify(
    {
      heapUsed: info.heapUsed!,
      before,
      peak: read(peakFile),
      files: fs.readdirSync(directory).map((name) => fs.statSync(`${directory}/${name}`).size),
      milliseconds,
    } satisfies EvidenceCost,
  ),
);
evidence.stop();
sampler.close();
if (held.length === 0) throw new Error("nothing was held");
