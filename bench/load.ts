// Far more requests than fit into a group of 512 MiB, against a server that
// holds 5 MB for each, baseline and with `shed`: `deno task load`. Needs root and a
// writable memory cgroup. Prints a Markdown table.

import { MiB } from "../mod.ts";
import { findHierarchy } from "../tests/e2e/child_group.ts";
import { type Load, load } from "../tests/e2e/load.ts";
import { findRuntimes } from "../tests/support/runtimes.ts";
import { occasion, title } from "./support/machine.ts";
import { median } from "../tests/support/numbers.ts";
import { markdown, tally } from "./support/table.ts";

const RUNS = 3;

const hierarchy = findHierarchy();
if (hierarchy.problem !== undefined) {
  console.error(`cannot run: ${hierarchy.problem}`);
  Deno.exit(1);
}

const rows = [["runtime", "", "outcome", "200s", "503s", "other", "200s per second", "peak"]];
for (const runtime of findRuntimes()) {
  for (const mode of ["bare", "shed"] as const) {
    const runs: Load[] = [];
    for (let i = 0; i < RUNS; i++) runs.push(await load(runtime, mode, hierarchy));
    const middle = (of: (run: Load) => number) => String(Math.round(median(runs.map(of))));
    rows.push([
      title(runtime),
      mode,
      tally(runs.map(({ outcome }) => outcome)),
      middle(({ answers }) => answers["200"] ?? 0),
      middle(({ answers }) => answers["503"] ?? 0),
      middle(({ answers }) =>
        Object.entries(answers).reduce((n, [k, v]) => n + (/^(200|503)$/.test(k) ? 0 : v), 0)
      ),
      middle(({ rate }) => rate),
      `${middle(({ peak }) => (peak ?? NaN) / MiB)} MiB`,
    ]);
  }
}
console.log(`${occasion()}; medians of ${RUNS} runs.\n\n${markdown(rows)}`);
