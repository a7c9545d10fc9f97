// What a sample leaves for the garbage collector, and whether anything stays:
// `deno task bench:garbage [samples]`, a million by default.

import process from "node:process";
import { findRuntimes, type Runtime } from "../tests/support/runtimes.ts";
import type { Garbage } from "./support/garbage_program.ts";
import { occasion, title } from "./support/machine.ts";
import { runJson } from "./support/run_json.ts";
import { markdown } from "./support/table.ts";

const samples = Number(process.argv[2] ?? 1_000_000);
if (!(samples >= 1)) throw new RangeError(`samples must be at least 1, not ${process.argv[2]}`);

// A young generation that holds a whole chunk, so that none is collected unseen.
const V8 = ["--expose-gc", "--min-semi-space-size=512", "--max-semi-space-size=512"];

console.log(`${occasion()}; ${samples.toLocaleString("en")} samples.\n`);
console.log(markdown([
  ["", "bytes per sample", "growth over all, KiB"],
  ...findRuntimes().map((runtime) => {
    const { perSample, before, after } = measure(runtime);
    return [title(runtime), perSample.toFixed(0), ((after - before) / 1024).toFixed(0)];
  }),
]));

function measure(runtime: Runtime): Garbage {
  // In Bun a collection starts by itself sooner.
  const chunk = runtime.name === "bun" ? 20_000 : 100_000;
  return runJson(runtime, "garbage_program.ts", [samples, chunk], V8);
}
