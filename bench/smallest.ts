// The smallest container, in steps of 16 MiB, in which programs from npm
// finish, by how they are started: `deno task bench:smallest [PROGRAM…]`.
// Needs root and a writable memory cgroup. A run may take three times the
// processor time of the run without a limit.
//
// It can be measured in pieces: results go to a file, and what is there is not
// measured again.
//
//   --runtime NAME, --way NAME   only these; may be repeated
//   --times                      the times at twice the smallest size as well
//   --minutes N                  begins nothing more after so many minutes
//   --results FILE               .cache/smallest.jsonl by default
//   --again                      measures what is in the file once more

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findHierarchy } from "../tests/e2e/child_group.ts";
import { findRuntimes } from "../tests/support/runtimes.ts";
import { PROGRAMS } from "./smallest/programs.ts";
import { Results, tableOf } from "./smallest/results.ts";
import { runIn, type Search, smallest } from "./smallest/search.ts";
import { waysOf } from "./smallest/ways.ts";
import { occasion, title } from "./support/machine.ts";
import { markdown } from "./support/table.ts";

const PATIENCE = 3;
/** Where the search starts, in MiB. */
const MOST = 1024;
/** A size in MiB to begin with, which changes only how long the search takes. */
const GUESS = 256;
/** The same as a part of what the plain start needs. */
const GUESS_OF_PLAIN = {
  plain: { deno: 1, bun: 1, node: 1 },
  own: { deno: 0.75, bun: 1, node: 1 },
  exec: { deno: 0.68, bun: 0.93, node: 0.92 },
  watchdog: { deno: 0.68, bun: 0.93, node: 0.92 },
};
/** Runs of one cell whose time is measured. */
const ROUNDS = 3;

const { values, positionals } = parseArgs({
  options: {
    runtime: { type: "string", multiple: true },
    way: { type: "string", multiple: true },
    times: { type: "boolean" },
    minutes: { type: "string", default: "Infinity" },
    results: { type: "string", default: ".cache/smallest.jsonl" },
    again: { type: "boolean" },
  },
  allowPositionals: true,
});

const hierarchy = findHierarchy();
if (hierarchy.problem !== undefined) {
  console.error(`cannot run: ${hierarchy.problem}`);
  Deno.exit(1);
}
installPrograms();

const results = new Results(values.results);
const runtimes = findRuntimes();
const cells = PROGRAMS
  .filter(({ name }) =>
    positionals.length === 0 ||
    positionals.some((wanted) => name.toLowerCase().includes(wanted.toLowerCase()))
  )
  .flatMap((program) =>
    runtimes.filter(({ name }) => values.runtime?.includes(name) ?? true).flatMap((runtime) =>
      waysOf(runtime, program.file).filter(({ name }) => values.way?.includes(name) ?? true)
        .map((way) => {
          const cell = { program: program.name, runtime: runtime.name, way: way.name };
          const log = (line: string) => console.error(`${Object.values(cell).join(", ")}: ${line}`);
          const search: Search = { hierarchy, program, command: way.command, patience: 600, log };
          return { ...cell, title: way.title, search };
        })
    )
  );

const end = performance.now() + Number(values.minutes) * 60_000;
for (const cell of cells) {
  if (performance.now() > end) break;
  if (results.smallestOf(cell) !== undefined && !values.again) continue;
  const { search, program, runtime, way } = cell;
  const plain = { program, runtime, way: "plain" as const };
  let free = results.freeOf(plain);
  if (free === undefined) {
    const start = waysOf(runtimes.find(({ name }) => name === runtime)!, search.program.file)[0]!;
    const run = await runIn(undefined, { ...search, command: start.command });
    if (run.outcome !== "finished") throw new Error(`${program} does not run: ${run.output}`);
    results.add({ ...plain, free: free = run.cpu });
  }
  const size = results.smallestOf(plain);
  const found = await smallest({ ...search, patience: PATIENCE * free }, {
    most: MOST,
    guess: size === undefined ? GUESS : size * GUESS_OF_PLAIN[way][cell.runtime],
  });
  results.add({ program, runtime, way, smallest: found.size, peak: found.peak });
}
if (values.times) {
  for (let round = 0; round < ROUNDS; round++) {
    for (const cell of cells) {
      if (performance.now() > end) break;
      const size = results.smallestOf({ ...cell, way: "exec" });
      if (size === undefined) continue;
      const { search, program, runtime, way } = cell;
      const before = results.twiceOf(cell, 2 * size) ??
        { size: 2 * size, cpu: [], wall: [], killed: 0 };
      if (before.wall.length + before.killed > round) continue;
      const run = await runIn(2 * size, search);
      const ended = run.outcome === "finished";
      results.add({
        program,
        runtime,
        way,
        twice: {
          size: 2 * size,
          cpu: [...before.cpu, ...(ended ? [run.cpu] : [])],
          wall: [...before.wall, ...(ended ? [run.milliseconds / 1000] : [])],
          killed: before.killed + (ended ? 0 : 1),
        },
      });
    }
  }
}
console.log(`${occasion()}; ${runtimes.map(title).join(", ")}\n`);
console.log(markdown(tableOf(results, cells)));

/** `npm ci` in bench/smallest, once. */
function installPrograms(): void {
  const folder = fileURLToPath(new URL("smallest/", import.meta.url));
  if (fs.existsSync(`${folder}node_modules`)) return;
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdio: "inherit",
  });
  if (status !== 0) throw new Error("npm ci failed in bench/smallest");
}
