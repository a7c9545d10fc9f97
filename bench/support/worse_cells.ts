// A cell of the never-worse table: interleaved runs without and with
// protection, and the verdict on them.

import { median } from "../../tests/support/numbers.ts";
import type { Protection } from "./worse_rows.ts";
import type { Run } from "./worse_run.ts";

/** Times the baseline's time that a protected run may take. */
export const MOST_RATIO = 1.25;

/** The runs of one workload, runtime and limit. */
export interface Cell {
  workload: string;
  runtime: string;
  /** Bytes. */
  limit: number;
  protection: Protection;
  baseline: Run[];
  ours: Run[];
}

/** `"dies"`: ours is OOM-killed, stuck or failed more often than the baseline. */
export type Verdict = "dies" | "slower" | "saves" | "same" | "neither";

/** What a cell says. */
export interface Judgement {
  verdict: Verdict;
  /** Median time of ours by the baseline's, of the runs that finished. */
  ratio: number;
  /** The same of CPU time. */
  cpuRatio: number;
}

/** Judges the runs of a cell. */
export function judge({ baseline, ours }: Pick<Cell, "baseline" | "ours">): Judgement {
  const ratio = middle(ours, ({ worked }) => worked) / middle(baseline, ({ worked }) => worked);
  const cpuRatio = middle(ours, ({ cpu }) => cpu) / middle(baseline, ({ cpu }) => cpu);
  const deaths = shareOfDeaths(ours) - shareOfDeaths(baseline);
  const verdict = deaths > 0
    ? "dies"
    : ratio > MOST_RATIO
    ? "slower"
    : deaths < 0
    ? "saves"
    : shareOfDeaths(ours) === 1
    ? "neither"
    : "same";
  return { verdict, ratio, cpuRatio };
}

/** Whether a verdict is one that must not be. */
export function loses(verdict: Verdict): boolean {
  return verdict === "dies" || verdict === "slower";
}

/** The median over the runs that have the figure; NaN without any. */
export function middle(runs: Run[], of: (run: Run) => number | undefined): number {
  return median(
    runs.filter(({ outcome }) => outcome === "finished").map(of).filter((n) => n !== undefined),
  );
}

function shareOfDeaths(runs: Run[]): number {
  return runs.filter(({ outcome }) => outcome !== "finished").length / runs.length;
}
