// Measures every contestant in this runtime against the floor, turn about, so
// so that both run under the same load. Arguments: the floor program,
// then the files of one sample. Prints one JSON array, the parts of a sample
// after the contestants.

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

const rows: Measured[] = [];
for (const contestant of contestants(files)) rows.push(await compare(contestant));
for (const [name, nanoseconds] of await measureParts()) {
  rows.push({ name, nanoseconds, part: true });
}
console.log(JSON.stringify(rows));
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

/** The parts, the whole, and what of it the parts do not account for; interleaved. */
async function measureParts(): Promise<[string, number][]> {
  const measured = parts(files);
  const whole = contestants(files)[0]!;
  const times = new Map<Contestant, number[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const part of [...measured, whole]) {
      const { p50 } = await measure(part.ask, BUDGET);
      times.set(part, [...times.get(part) ?? [], p50]);
    }
  }
  const rows = measured.map(({ name }, i): [string, number] => [
    name,
    median(times.get(measured[i]!)!),
  ]);
  const all = median(times.get(whole)!);
  const known = rows.reduce((sum, [, nanoseconds]) => sum + nanoseconds, 0);
  return [...rows, ["between them", all - known], ["the whole sample", all]];
}

/** Nanoseconds that the reads alone take, NaN without a floor. */
function floorTime(): number {
  if (!floor) return NaN;
  return Number(spawnSync(floor, ["4000", ...files], { encoding: "utf8" }).stdout);
}
