// Samples with 0 to 10 file descriptors left: at the opening of the sampler,
// and later. Prints what headroom was in each case and what was truly left.

import fs from "node:fs";
import process from "node:process";
import type { MemInfo } from "../../../src/mem_info.ts";
import { openSampler, type Sampler } from "../../../mod.ts";

/** One case; sizes in bytes. */
export interface FewDescriptors {
  free: number;
  when: "opening" | "later" | "taken";
  starved: number | undefined;
  reason: string | undefined;
  /** At the first sample after descriptors are free again. */
  after: number | undefined;
  /** What the cgroup's files leave at that moment. */
  left: number;
}

const [limitFile, usageFile] = process.argv.slice(2) as [string, string];
const read = (file: string) => Number(fs.readFileSync(file, "utf8"));
const headroom = (sampler: Sampler) => (sampler.sample() as MemInfo).headroom();

const taken: number[] = [];
const takeAll = () => {
  try {
    for (;;) taken.push(fs.openSync("/dev/null", "r"));
  } catch (error) {
    if ((error as { code?: string }).code !== "EMFILE") throw error;
  }
};
const give = (count: number) => {
  for (const fd of taken.splice(0, count)) fs.closeSync(fd);
};

// The clock is set on by more than the time between two checks of the place.
const clock = Date.now;
let later = 0;
Date.now = () => clock() + later;

const results: FewDescriptors[] = [];
const open = () => openSampler({ adapter: "linux" });

function measure(free: number, when: FewDescriptors["when"]): void {
  let sampler = when === "later" ? open() : undefined;
  takeAll();
  give(free);
  sampler ??= open();
  // What the sampler did not take, others do.
  if (when === "taken") takeAll();
  if (when === "later") later += 10_000;
  const starved = headroom(sampler);
  const { systemAvailable, cgroupLimit } = sampler.signals;
  const reason = cgroupLimit.reason ?? systemAvailable.reason;
  give(taken.length);
  const after = headroom(sampler);
  results.push({
    ...{ free, when, starved, reason, after },
    left: read(limitFile) - read(usageFile),
  });
  sampler.close();
}

// What is loaded lazily is loaded now: a runtime needs descriptors for that.
measure(100, "opening");
measure(0, "opening");
results.length = 0;
for (let free = 0; free <= 10; free++) {
  for (const when of ["opening", "later", "taken"] as const) measure(free, when);
}
console.log(JSON.stringify(results));
