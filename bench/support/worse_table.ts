// The never-worse table as Markdown, and its counts.

import { MiB } from "../../mod.ts";
import { median } from "../../tests/support/numbers.ts";
import { type Cell, judge, loses, middle, MOST_RATIO, type Verdict } from "./worse_cells.ts";
import type { Run } from "./worse_run.ts";
import { markdown, tally } from "./table.ts";

const WORDS: Record<Verdict, string> = {
  dies: "**LOSES: dies**",
  slower: "**LOSES: slower**",
  saves: "saves",
  same: "",
  neither: "neither finishes",
};

/** Every cell, the losing ones included. */
export function tableOf(cells: Cell[]): string {
  return markdown([
    [
      "workload",
      "runtime",
      "limit, MiB",
      "with",
      "baseline",
      "ours",
      "time",
      "CPU",
      "peak, MiB",
      "ours, MiB",
      "forced GCs",
      "share",
      "verdict",
    ],
    ...cells.map(line),
  ]);
}

/** How many cells lose and why, and how many are saved. */
export function countsOf(cells: Cell[]): string {
  const verdicts = cells.map((cell) => judge(cell).verdict);
  const count = (verdict: Verdict) => verdicts.filter((other) => other === verdict).length;
  return [
    `cells: ${cells.length}`,
    `ours is OOM-killed, stuck or failed more often than the baseline: ${count("dies")}`,
    `both finish, and ours takes more than ${MOST_RATIO} × the baseline's time: ${count("slower")}`,
    `ours finishes more often than the baseline: ${count("saves")}`,
    `neither finishes: ${count("neither")}`,
  ].join("\n");
}

/** One line about a cell, for those who wait. */
export function progress(cell: Cell): string {
  const { verdict, ratio, cpuRatio } = judge(cell);
  return `${nameOf(cell)}: ${tally(outcomes(cell.baseline))} → ${tally(outcomes(cell.ours))}, ` +
    `time ${times(ratio)}, CPU ${times(cpuRatio)}${loses(verdict) ? `, ${WORDS[verdict]}` : ""}`;
}

/** Such as `lru-70 deno 128 watchdog`. */
export function nameOf({ workload, runtime, limit, protection }: Cell): string {
  return `${workload} ${runtime} ${limit / MiB} ${protection}`;
}

function line(cell: Cell): string[] {
  const { workload, runtime, limit, protection, baseline, ours } = cell;
  const { verdict, ratio, cpuRatio } = judge(cell);
  const forced = middle(ours, ({ counters }) => counters?.forced);
  const share = middle(
    ours,
    ({ counters, worked }) => counters && worked && counters.timeSpent / worked,
  );
  return [
    workload,
    runtime,
    String(limit / MiB),
    protection,
    withTime(baseline),
    withTime(ours),
    times(ratio),
    times(cpuRatio),
    mebibytes(baseline),
    mebibytes(ours),
    known(forced, String(forced)),
    known(share, `${Math.round(share * 100)} %`),
    WORDS[verdict],
  ];
}

function outcomes(runs: Run[]): string[] {
  return runs.map(({ outcome }) => outcome);
}

/** Such as `finished 3×, 1.9 s`. */
function withTime(runs: Run[]): string {
  const worked = middle(runs, ({ worked }) => worked);
  return tally(outcomes(runs)) + known(worked, `, ${(worked / 1000).toFixed(1)} s`, "");
}

function mebibytes(runs: Run[]): string {
  const peak = median(runs.map(({ peak }) => peak ?? NaN));
  return known(peak, String(Math.round(peak / MiB)));
}

function times(ratio: number): string {
  return known(ratio, ratio.toFixed(2));
}

function known(value: number, text: string, other = "–"): string {
  return Number.isFinite(value) ? text : other;
}
