// Measures a sample of nothing but headroom, a sample of everything and the
// reads of the latter in C, interleaved. Arguments: the floor program, then the
// files of a sample of everything. Prints one JSON object.

import { spawnSync } from "node:child_process";
import process from "node:process";
import { measure } from "mitata";
import { openSampler } from "../../mod.ts";
import { median } from "../../tests/support/numbers.ts";

/** Nanoseconds of one sample, and multiples of the floor: medians. */
export interface HeadroomCost {
  headroom: number;
  everything: number;
  headroomRatio: number;
  everythingRatio: number;
  /** Whether a cgroup limit was effective. */
  limited: boolean;
}

const ROUNDS = 7;
const BUDGET = { min_cpu_time: 40e6, warmup_samples: 2 };
const [floor, ...files] = process.argv.slice(2);
const headroom = openSampler({ fields: ["headroom"] });
const everything = openSampler();
const rows: Record<keyof Omit<HeadroomCost, "limited">, number[]> = {
  headroom: [],
  everything: [],
  headroomRatio: [],
  everythingRatio: [],
};

for (let round = 0; round < ROUNDS; round++) {
  const before = floorTime();
  const { p50: cheap } = await measure(() => headroom.sample(), BUDGET);
  const between = floorTime();
  const { p50: full } = await measure(() => everything.sample(), BUDGET);
  const after = floorTime();
  rows.headroom.push(cheap);
  rows.headroomRatio.push(cheap / ((before + between) / 2));
  rows.everything.push(full);
  rows.everythingRatio.push(full / ((between + after) / 2));
}
const { cgroupLimit } = await headroom.sample();
console.log(JSON.stringify(
  {
    headroom: median(rows.headroom),
    everything: median(rows.everything),
    headroomRatio: median(rows.headroomRatio),
    everythingRatio: median(rows.everythingRatio),
    limited: cgroupLimit !== undefined && cgroupLimit !== Infinity,
  } satisfies HeadroomCost,
));
process.exit();

function floorTime(): number {
  return Number(spawnSync(floor!, ["4000", ...files], { encoding: "utf8" }).stdout);
}
