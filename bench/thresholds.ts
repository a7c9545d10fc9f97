// What thresholds buy and cost: the first watermark of the watchdog, and
// headroom and exit of the load shedder, each over a range, in each runtime:
// `deno task bench:thresholds [sweep=…] [runtime=…] [limit=MiB] [runs=2]`. Needs
// root and a writable memory cgroup. It replaces the runs of the selection in docs/pictures/thresholds.jsonl,
// and draws thresholds.svg beside it from all of them; `draw` draws only.

import fs from "node:fs";
import { fileURLToPath } from "node:url";
import { findHierarchy } from "../tests/e2e/child_group.ts";
import { findRuntimes } from "../tests/support/runtimes.ts";
import { occasion } from "./support/machine.ts";
import { markdown, tally } from "./support/table.ts";
import { drawThresholds } from "./support/threshold_picture.ts";
import { type Sweep, SWEEPS, type ThresholdRun, ThresholdRuns } from "./support/threshold_runs.ts";
import { median } from "../tests/support/numbers.ts";

const DATA = fileURLToPath(new URL("../docs/pictures/thresholds.jsonl", import.meta.url));
const PICTURE = fileURLToPath(new URL("../docs/pictures/thresholds.svg", import.meta.url));

const args = new Map(Deno.args.map((arg) => arg.split("=", 2) as [string, string | undefined]));
for (const name of args.keys()) {
  if (!["sweep", "runtime", "limit", "runs", "draw"].includes(name)) {
    console.error(`'${name}' is not known: sweep=…, runtime=…, limit=MiB, runs=2, or draw`);
    Deno.exit(2);
  }
}
const sweeps = (Object.keys(SWEEPS) as Sweep[])
  .filter((sweep) => sweep.startsWith(args.get("sweep") ?? ""));
const runtimes = findRuntimes().filter(({ name }) => name === (args.get("runtime") ?? name));
const count = Number(args.get("runs") ?? 2);

const runs: ThresholdRun[] = fs.existsSync(DATA)
  ? fs.readFileSync(DATA, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line))
  : [];
if (!args.has("draw")) await sweepAll();
fs.writeFileSync(PICTURE, drawThresholds(runs));

/** Each sweep on each runtime. Its file is written after each, so that one can stop it. */
async function sweepAll(): Promise<void> {
  const hierarchy = findHierarchy();
  if (hierarchy.problem !== undefined) {
    console.error(`cannot run: ${hierarchy.problem}`);
    Deno.exit(1);
  }
  console.log(`${occasion()}; ${count} runs.\n`);
  for (const sweep of sweeps) {
    const limit = Number(args.get("limit") ?? (sweep.startsWith("watermark") ? 300 : 512));
    for (const runtime of runtimes) {
      const at = new ThresholdRuns(runtime, limit, hierarchy);
      const fresh: ThresholdRun[] = [];
      // Interleaved, so that other load on the host affects every threshold.
      for (let i = 0; i < count; i++) {
        for (const threshold of SWEEPS[sweep]) fresh.push(await at.run(sweep, threshold));
      }
      const isOld = (run: ThresholdRun) =>
        run.sweep === sweep && run.runtime === runtime.name && run.limit === limit;
      const kept = runs.filter((run) => !isOld(run));
      runs.splice(0, runs.length, ...kept, ...fresh);
      fs.writeFileSync(DATA, runs.map((run) => `${JSON.stringify(run)}\n`).join(""));
      console.log(`${sweep}, ${runtime.name}, ${limit} MiB\n\n${tableOf(fresh)}\n`);
    }
  }
}

function tableOf(runs: ThresholdRun[]): string {
  const thresholds = [...new Set(runs.map(({ threshold }) => threshold))];
  const rows = thresholds.map((threshold) => {
    const of = runs.filter((run) => run.threshold === threshold);
    const middle = (values: (number | undefined)[]) => {
      const value = median(values.filter((value) => value !== undefined));
      return Number.isNaN(value) ? "–" : String(value);
    };
    return [
      threshold === null ? "none" : String(threshold),
      tally(of.map(({ outcome }) => outcome)),
      middle(of.map(({ goodput }) => goodput)),
      middle(of.map(({ gc }) => gc)),
      middle(of.map(({ rejected }) => rejected)),
      middle(of.map(({ peak }) => peak)),
    ];
  });
  return markdown([["threshold", "outcome", "goodput", "GC", "rejected", "peak, MiB"], ...rows]);
}
