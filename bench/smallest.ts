// The smallest container, in steps of 16 MiB, in which programs from npm
// finish, by how they are started: `deno task bench:smallest [PROGRAM…]`.
// Needs root and a writable memory cgroup. Prints a Markdown table after each
// program. A run has three times the processor time of the unconstrained run.
//
// `--most MIB` is where the search starts, 1024 by default. The unconstrained
// run has twice as much.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findHierarchy } from "../tests/e2e/child_group.ts";
import { findRuntimes } from "../tests/support/runtimes.ts";
import { PROGRAMS } from "./smallest/programs.ts";
import { type Run, runIn, type Search, smallest } from "./smallest/search.ts";
import { waysOf } from "./smallest/ways.ts";
import { markdown } from "./support/table.ts";

const PATIENCE = 3;
const TRIES = 5;

const { values, positionals } = parseArgs({
  options: { most: { type: "string", default: "1024" } },
  allowPositionals: true,
});
const most = Number(values.most);

const hierarchy = findHierarchy();
if (hierarchy.problem !== undefined) {
  console.error(`cannot run: ${hierarchy.problem}`);
  Deno.exit(1);
}
installPrograms();

const rows: string[][] = [[
  "program",
  "started with",
  "smallest, MiB",
  "against plain",
  "CPU there, s",
  "CPU at twice that, s",
  "without a limit, s",
]];
for (const program of PROGRAMS) {
  const wanted = positionals.length === 0 ||
    positionals.some((name) => program.name.toLowerCase().includes(name.toLowerCase()));
  if (!wanted) continue;
  for (const runtime of findRuntimes()) {
    const log = (line: string) => console.error(`${program.name}, ${runtime.name}: ${line}`);
    const search: Search = { hierarchy, program, command: [], patience: 600, log };
    let plain: { size: number; free: number } | undefined;
    for (const { name, command } of waysOf(runtime, program.file)) {
      const free = plain?.free ?? (await finished(2 * most, { ...search, command })).cpu;
      const patient = { ...search, command, patience: PATIENCE * free };
      const size = await smallest(patient, most);
      plain ??= { size, free };
      const there = await finished(size, patient);
      const twice = await finished(2 * size, patient);
      rows.push([
        program.name,
        name,
        String(size),
        (size / plain.size).toFixed(2),
        ...[there.cpu, twice.cpu, free].map((seconds) => seconds.toFixed(1)),
      ]);
    }
  }
  console.log(`${markdown(rows)}\n`);
}

/** A run that finishes. At the smallest size one of several may not, so it is tried again. */
async function finished(size: number, search: Search): Promise<Run> {
  const failures: Run[] = [];
  while (failures.length < TRIES) {
    const run = await runIn(size, search);
    if (run.outcome === "finished") return run;
    failures.push(run);
  }
  const last = failures.at(-1)!;
  throw new Error(`${search.program.name} does not finish in ${size} MiB: ${last.output}`);
}

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
