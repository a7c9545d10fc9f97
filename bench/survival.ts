// The workloads of tests/e2e in a cgroup of 300 MiB, without and with the
// watchdog, in each runtime: `deno task survival`. Needs root and a writable
// memory cgroup. Prints a Markdown table.

import { MiB } from "../mod.ts";
import { findHierarchy } from "../tests/e2e/child_group.ts";
import { type Survival, survive, type Workload } from "../tests/e2e/survival.ts";
import { median } from "../tests/support/numbers.ts";
import { findRuntimes } from "../tests/support/runtimes.ts";
import { markdown, tally } from "./support/table.ts";

const LIMIT = 300 * MiB;
const RUNS = 3;

const hierarchy = findHierarchy();
if (hierarchy.problem !== undefined) {
  console.error(`cannot run: ${hierarchy.problem}`);
  Deno.exit(1);
}

const rows: string[][] = [[
  "workload",
  "runtime",
  "watchdog",
  "outcome",
  "time, × unconstrained",
  "peak",
  "collections forced",
  "their share of time",
]];
for (const workload of ["loop", "burst", "leak"] as Workload[]) {
  for (const runtime of findRuntimes()) {
    // The leak fills the limit, so that it has no unconstrained counterpart.
    const run = (mode: "bare" | "watchdog", limit: number | undefined) =>
      repeat(() => survive({ runtime, workload, mode, limit, hierarchy, timeout: 30_000 }));
    const open = workload === "leak" ? undefined : await run("bare", undefined);
    for (const mode of ["bare", "watchdog"] as const) {
      const runs = await run(mode, LIMIT);
      rows.push([workload, runtime.name, mode === "bare" ? "–" : "yes", ...describe(runs, open)]);
    }
  }
}
console.log(markdown(rows));

async function repeat(run: () => Promise<Survival>): Promise<Survival[]> {
  const runs: Survival[] = [];
  for (let i = 0; i < RUNS; i++) runs.push(await run());
  return runs;
}

function describe(runs: Survival[], open: Survival[] | undefined): string[] {
  const finished = runs.filter((run) => run.outcome === "finished");
  const middle = (values: (number | undefined)[]) =>
    median(values.filter((value) => value !== undefined));
  const time = middle(finished.map((run) => run.worked));
  const openTime = middle(open?.map((run) => run.worked) ?? []);
  const peak = middle(runs.map((run) => run.peak));
  const forced = middle(finished.map((run) => run.counters?.forced));
  const share = middle(
    finished.map((run) => run.counters && run.counters.timeSpent / run.worked!),
  );
  const known = (value: number, text: string) => Number.isNaN(value) ? "–" : text;
  return [
    tally(runs.map(({ outcome }) => outcome)),
    known(time / openTime, (time / openTime).toFixed(2)),
    known(peak, `${Math.round(peak / MiB)} MiB`),
    known(forced, String(forced)),
    known(share, `${Math.round(share * 100)} %`),
  ];
}
