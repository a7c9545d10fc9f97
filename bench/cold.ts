// What a sample costs when it is taken ten times a second, so that caches are
// cold, part by part: `deno task bench:cold [times]`. Needs a C compiler for the
// row of the reads in C.

import { spawnSync } from "node:child_process";
import process from "node:process";
import { findRuntimes } from "../tests/support/runtimes.ts";
import { type Part, PARTS } from "./support/cold_parts.ts";
import { buildFloor } from "./support/floor.ts";
import { occasion, title } from "./support/machine.ts";
import { runJson } from "./support/run_json.ts";
import { markdown } from "./support/table.ts";

const times = Number(process.argv[2] ?? 50);
if (!(times >= 1)) throw new RangeError(`times must be at least 1, not ${process.argv[2]}`);

const runtimes = findRuntimes();
const floor = buildFloor();
const files = runJson<string[]>(runtimes[0]!, "files_program.ts", []);
console.log(`${occasion()}; medians of ${times} at 100 ms, in µs.\n`);
if (floor !== "") {
  const inC = (milliseconds: number) =>
    Number(
      spawnSync(floor, [String(milliseconds === 0 ? 20_000 : times), ...files], {
        encoding: "utf8",
        env: { FLOOR_INTERVAL: String(milliseconds) },
      }).stdout,
    ) / 1_000;
  console.log(
    `The ${files.length} reads in C: ${inC(100).toFixed(0)}, ${inC(0).toFixed(1)} in a loop.\n`,
  );
}
console.log(markdown([
  ["", "clock", "reads", "heap figures", "our code with heap figures", "sample"],
  ...runtimes.map((runtime) => [
    title(runtime),
    ...PARTS.map((part: Part) =>
      runJson<number>(runtime, "cold_program.ts", [part, times]).toFixed(0)
    ),
  ]),
]));
