// Overload on servers whose requests take memory in several ways, without
// protection, behind a fixed cap and rules of others, and behind `shed` with
// `learn`: `deno task bench:costs`. Needs root and a writable memory cgroup.
// Prints a Markdown table.

import process from "node:process";
import { parseArgs } from "node:util";
import { MiB } from "../mod.ts";
import { findHierarchy } from "../tests/e2e/child_group.ts";
import { median } from "../tests/support/numbers.ts";
import { findRuntimes } from "../tests/support/runtimes.ts";
import { type Outcome, runCosts } from "./support/costs_load.ts";
import { occasion, title } from "./support/machine.ts";
import { markdown } from "./support/table.ts";

const WORKLOADS = ["prompt", "late-20", "late-200", "mixed", "doubling", "streaming"];
const CAPS = [5, 10, 20, 30, 40, 60, 80];

const { values } = parseArgs({
  options: {
    workload: { type: "string", multiple: true, default: WORKLOADS },
    runtime: { type: "string", multiple: true, default: ["deno", "bun", "node"] },
    limit: { type: "string", multiple: true, default: ["512", "256"] },
    protection: { type: "string", multiple: true },
    runs: { type: "string", default: "1" },
    seconds: { type: "string", default: "5" },
  },
});

const hierarchy = findHierarchy();
if (hierarchy.problem !== undefined) {
  console.error(`cannot run: ${hierarchy.problem}`);
  process.exit(1);
}
const duration = Number(values.seconds) * 1_000;
const head = ["workload", "runtime", "limit", "protection", "killed", "200s per second"];
const rows = [[...head, "503s per second", "p50", "p99", "peak", "recovery"]];
for (const workload of values.workload) {
  for (const runtime of findRuntimes().filter(({ name }) => values.runtime.includes(name))) {
    for (const limit of values.limit.map((mebibytes) => Number(mebibytes) * MiB)) {
      const protections = values.protection ??
        ["bare", "shed", "breaker", `pressure:${limit * 0.8}`, ...CAPS.map((cap) => `cap:${cap}`)];
      for (const protection of protections) {
        const runs: Outcome[] = [];
        for (let i = 0; i < Number(values.runs); i++) {
          runs.push(await runCosts({ runtime, workload, protection, limit, duration, hierarchy }));
        }
        const middle = (of: (run: Outcome) => number) => String(Math.round(median(runs.map(of))));
        const killed = runs.filter((run) => run.killed).length;
        const row = [workload, title(runtime), `${limit / MiB} MiB`, protection];
        rows.push([
          ...row,
          `${killed} of ${runs.length}`,
          middle(({ goodput }) => goodput),
          middle(({ rejected }) => rejected),
          `${middle(({ p50 }) => p50)} ms`,
          `${middle(({ p99 }) => p99)} ms`,
          `${middle(({ peak }) => peak / MiB)} MiB`,
          `${middle(({ recovery }) => recovery)} ms`,
        ]);
        console.error(rows.at(-1)!.join(" | "));
      }
    }
  }
}
console.log(`${occasion()}; medians.\n\n${markdown(rows)}`);
