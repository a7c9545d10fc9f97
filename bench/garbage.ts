// What a sample leaves for the garbage collector, and whether anything stays:
// `deno task bench:garbage [samples]`, a million by default.

import process from "node:process";
import { findRuntimes } from "../tests/support/runtimes.ts";
import { measureGarbage } from "./support/garbage.ts";
import { occasion, title } from "./support/machine.ts";
import { markdown } from "./support/table.ts";

const samples = Number(process.argv[2] ?? 1_000_000);
if (!(samples >= 1)) throw new RangeError(`samples must be at least 1, not ${process.argv[2]}`);

console.log(`${occasion()}; ${samples.toLocaleString("en")} samples.\n`);
console.log(markdown([
  ["", "bytes per sample", "growth over all, KiB"],
  ...findRuntimes().map((runtime) => {
    const { perSample, before, after } = measureGarbage(runtime, samples);
    return [title(runtime), perSample.toFixed(0), ((after - before) / 1024).toFixed(0)];
  }),
]));
