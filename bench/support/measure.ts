// Measures every contestant in this runtime against the floor, turn about, so
// that both meet the machine in the same mood. Arguments: the floor program,
// then the files of one sample. Prints one JSON object per line, the parts of
// a sample after the contestants.

import { spawnSync } from "node:child_process";
import process from "node:process";
import { measure } from "mitata";
import { type Contestant, contestants } from "./contestants.ts";
import { median } from "../../tests/support/numbers.ts";
import { parts } from "./parts.ts";

const ROUNDS = 5;
const BUDGET = { min_cpu_time: 40e6, warmup_samples: 2 };

/** What came out for one contestant. */
export interface Measured {
  name: string;
  note?: string;
  /** Whether it is a part of a sample. */
  part?: true;
  /** Nanoseconds, the median. */
  nanoseconds?: number;
  /** Times the floor, the median of the rounds. */
  ratio?: number;
  /** Why it gave nothing. */
  failed?: string;
}

const [floor, ...files] = process.argv.slice(2);

for (const contestant of contestants(files)) {
  console.log(JSON.stringify(await compare(contestant)));
}
for (const { name, ask } of parts(files)) {
  const { p50: nanoseconds } = await measure(ask, BUDGET);
  console.log(JSON.stringify({ name, nanoseconds, part: true } satisfies Measured));
}
process.exit();

async function compare({ name, note, ask }: Contestant): Promise<Measured> {
  const identity = note === undefined ? { name } : { name, note };
  try {
    await ask();
  } catch (error) {
    return { ...identity, failed: String(error) };
  }
  const times: number[] = [];
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = floorTime();
    const { p50 } = await measure(ask, BUDGET);
    times.push(p50);
    ratios.push(p50 / ((before + floorTime()) / 2));
  }
  return { ...identity, nanoseconds: median(times), ratio: median(ratios) };
}

/** Nanoseconds that the reads alone take, NaN without a floor. */
function floorTime(): number {
  if (!floor) return NaN;
  return Number(spawnSync(floor, ["4000", ...files], { encoding: "utf8" }).stdout);
}
