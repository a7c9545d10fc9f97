// One sample against the same reads in C and against what else there is, in
// each runtime: `deno task bench:report` prints Markdown tables.

import { findRuntimes, type Runtime } from "../tests/support/runtimes.ts";
import { buildFloor } from "./support/floor.ts";
import { filesOfOneSample } from "./support/files_of_one_sample.ts";
import { occasion, title } from "./support/machine.ts";
import type { Measured } from "./support/measure.ts";
import { runJson } from "./support/run_json.ts";
import { markdown } from "./support/table.ts";

const floor = buildFloor();
const files = filesOfOneSample();
console.log(`${occasion()}; one sample reads ${files.length} files.\n`);
if (floor === "") console.log("No C compiler here (cc), so no floor to compare with.\n");
const runtimes = findRuntimes();
const measured = runtimes.map(measureIn);
for (const [i, runtime] of runtimes.entries()) {
  console.log(`**${title(runtime)}**\n\n${markdown(comparison(measured[i]!))}\n`);
}
console.log(`**Where a sample's time goes, µs**\n\n${markdown(partsTable())}`);

function measureIn(runtime: Runtime): Measured[] {
  return runJson(runtime, "measure.ts", [floor, ...files]);
}

function comparison(rows: Measured[]): string[][] {
  return [
    ["", "× the floor", "median, µs", "what it leaves out"],
    ...rows.filter(({ part }) => !part).map(({ name, note, nanoseconds, ratio, failed }) => [
      name,
      failed || !ratio ? "–" : ratio.toFixed(ratio < 10 ? 2 : 0),
      failed ? "–" : (nanoseconds! / 1000).toFixed(1),
      failed ? `fails here: ${failed.slice(0, 60)}` : note ?? "",
    ]),
  ];
}

/** The parts side by side; what a runtime has no need of is left out. */
function partsTable(): string[][] {
  const columns = measured.map((rows) =>
    new Map(rows.filter(({ part }) => part).map(({ name, nanoseconds }) => [name, nanoseconds!]))
  );
  const names = columns.reduce((most, column) => column.size > most.size ? column : most).keys();
  return [
    ["", ...runtimes.map(title)],
    ...[...names].map((name) => [
      name,
      ...columns.map((column) => {
        const nanoseconds = column.get(name);
        return nanoseconds === undefined ? "–" : (nanoseconds / 1000).toFixed(2);
      }),
    ]),
  ];
}
