// Measures a sample of nothing but headroom, a sample of everything and the
// reads of the latter in C, interleaved. Arguments: the floor program, then the
// files of a sample of everything. Prints one JSON object.

import { spawnSync } from "node:child_process";
import process from "node:process";
import { openSampler, type Sampler } from "../../mod.ts";
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

const ROUNDS = 9;
/** As many as the floor takes, so that both are means of a hot loop. */
const LOOP = 4_000;
const [floor, ...files] = process.argv.slice(2);
const headroom = openSampler({ fields: ["headroom"] });
const everything = openSampler();
const rows: Record<keyof Omit<HeadroomCost, "limited">, number[]> = {
  headroom: [],
  everything: [],
  headroomRatio: [],
  everythingRatio: [],
};

// Compiles the loops.
for (let i = 0; i < 5; i++) timed(headroom), timed(everything);

for (let round = 0; round < ROUNDS; round++) {
  const before = floorTime();
  const cheap = timed(headroom);
  const between = floorTime();
  const full = timed(everything);
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

/** Nanoseconds per sample. */
function timed(sampler: Sampler): number {
  const start = performance.now();
  for (let i = 0; i < LOOP; i++) sampler.sample();
  return (performance.now() - start) * 1e6 / LOOP;
}

function floorTime(): number {
  return Number(spawnSync(floor!, [String(LOOP), ...files], { encoding: "utf8" }).stdout);
}
