// Whether the watchdog or the load shedder makes anything worse: workloads in
// containers of several sizes, in each runtime, without and with protection in
// interleaved runs: `deno task bench:never-worse`. Needs root and a writable memory
// cgroup. Prints a Markdown table, the losing cells included, and exits with 1
// if there is one. Ctrl+C prints the cells that are complete.

import os from "node:os";
import process from "node:process";
import { findHierarchy } from "../tests/e2e/child_group.ts";
import { findRuntimes, type Runtime } from "../tests/support/runtimes.ts";
import { occasion } from "./support/machine.ts";
import { type Cell, judge, loses } from "./support/worse_cells.ts";
import { sendRequests } from "./support/worse_clients.ts";
import { selectionOf, USAGE } from "./support/worse_options.ts";
import { type Protection, type Weight, type WorkloadRow, workloads } from "./support/worse_rows.ts";
import { type Run, runOnce, weigh } from "./support/worse_run.ts";
import { countsOf, progress, tableOf } from "./support/worse_table.ts";

const selection = readSelection();
const hierarchy = findHierarchy();
if (hierarchy.problem !== undefined) fail(`cannot run: ${hierarchy.problem}`);

const cells: Cell[] = [];
const weights = new Map<Runtime, Weight>();
for (const runtime of selection.runtimes) weights.set(runtime, await weigh(runtime, hierarchy));

let stopping = false;
process.once("SIGINT", () => stopping = true);

for (const row of selection.rows) {
  for (const runtime of selection.runtimes) {
    for (const limit of selection.limits) {
      if (!stopping) await runCells(row, runtime, limit);
    }
  }
}

console.log(
  `${occasion()}; medians of ${selection.runs} runs, of up to ${selection.most} ` +
    `where ours loses; load average ${os.loadavg()[1]!.toFixed(1)}.\n\n${tableOf(cells)}\n\n${
      countsOf(cells)
    }`,
);
process.exitCode = cells.some((cell) => loses(judge(cell).verdict)) ? 1 : 0;

/** All protections of one workload share the baseline's runs. */
async function runCells(row: WorkloadRow, runtime: Runtime, limit: number): Promise<void> {
  const baseline: Run[] = [];
  const own = row.protections.map((protection): Cell => ({
    workload: row.name,
    runtime: runtime.name,
    limit,
    protection,
    baseline,
    ours: [],
  }));
  const run = (mode: "bare" | Protection) =>
    runOnce({
      row,
      runtime,
      mode,
      limit,
      weight: weights.get(runtime)!,
      hierarchy: hierarchy as typeof hierarchy & { problem?: never },
      timeout: selection.timeout,
    });
  // The clients are in this process: their code gets faster with the first answers.
  if (row.use !== undefined) await run("bare");
  const isDoubtful = () => own.some((cell) => loses(judge(cell).verdict));
  for (let i = 0; i < selection.runs || (i < selection.most && isDoubtful()); i++) {
    // The order changes from round to round, so that neither is favoured.
    if (i % 2 === 0) baseline.push(await run("bare"));
    for (const cell of own) cell.ours.push(await run(cell.protection));
    if (i % 2 === 1) baseline.push(await run("bare"));
  }
  // The signal may have ended the program of the last run as well.
  if (stopping) return;
  for (const cell of own) console.error(progress(cell));
  cells.push(...own);
}

function readSelection() {
  try {
    return selectionOf(process.argv.slice(2), workloads(sendRequests), findRuntimes());
  } catch (error) {
    fail(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
