// The sweeps of the thresholds bench: which thresholds are tried on which
// workloads, and what one run of each gives.

import type { ShedOptions } from "../../http.ts";
import { MiB } from "../../mod.ts";
import type { Hierarchy } from "../../tests/e2e/child_group.ts";
import { load } from "../../tests/e2e/load.ts";
import type { Runtime } from "../../tests/support/runtimes.ts";
import { type Run, runOnce, weigh } from "./worse_run.ts";
import { type Weight, workloads } from "./worse_rows.ts";

/** What is varied, and over which workload. */
export type Sweep =
  | "watermark, 30 % live"
  | "watermark, 70 % live"
  | "headroom"
  | "headroom, perRequest"
  | "exit";

/** One run: a line of the raw data. */
export interface ThresholdRun {
  sweep: Sweep;
  runtime: Runtime["name"];
  /** MiB. */
  limit: number;
  /** A fraction of the limit; of `enter` for "exit". `null`: no protection. */
  threshold: number | null;
  outcome: "finished" | "killed" | "stuck" | "failed";
  /** Share of the time that the same work took without a limit; or answers per second. */
  goodput: number;
  /** Share of the time that forced GC took. */
  gc?: number;
  /** CPU time, as a multiple of that of the same work without a limit. */
  cpu?: number;
  /** Requests that were rejected for each that was answered. */
  rejected?: number;
  /** MiB. */
  peak: number;
}

/** The thresholds of each sweep, in the order of the picture. */
export const SWEEPS: Readonly<Record<Sweep, readonly (number | null)[]>> = {
  "watermark, 30 % live": [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, null],
  "watermark, 70 % live": [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, null],
  "headroom": [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, null],
  "headroom, perRequest": [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, null],
  "exit": [1, 1.25, 1.5, 2, 3],
};

/** Those of the default watermarks that lie above the first. */
const LATER = [0.7, 0.8, 0.9];
const WORKLOADS = { "watermark, 30 % live": "allocations", "watermark, 70 % live": "lru-70" };
const LONGEST = 20_000;
/** Milliseconds for which the clients send requests. */
const OFFERED = 5_000;
/** Milliseconds for which a request holds its memory. */
const HELD = 200;

/** Runs the sweeps of one runtime in a container of one size. */
export class ThresholdRuns {
  readonly #runtime: Runtime;
  readonly #limit: number;
  readonly #hierarchy: Hierarchy & { problem?: never };
  #weight: Weight | undefined;
  readonly #open: Map<Sweep, Run> = new Map();

  /** @param limit MiB. */
  constructor(runtime: Runtime, limit: number, hierarchy: Hierarchy & { problem?: never }) {
    this.#runtime = runtime;
    this.#limit = limit;
    this.#hierarchy = hierarchy;
  }

  async run(sweep: Sweep, threshold: number | null): Promise<ThresholdRun> {
    const more = sweep in WORKLOADS
      ? await this.#work(sweep as keyof typeof WORKLOADS, threshold)
      : await this.#serve(sweep, threshold);
    return { sweep, runtime: this.#runtime.name, limit: this.#limit, threshold, ...more };
  }

  async #work(sweep: keyof typeof WORKLOADS, threshold: number | null) {
    const row = workloads(() => Promise.resolve(0)).find(({ name }) => name === WORKLOADS[sweep])!;
    const marks = threshold === null ? [] : [threshold, ...LATER.filter((x) => x > threshold)];
    const options = {
      row,
      runtime: this.#runtime,
      limit: this.#limit * MiB,
      weight: this.#weight ??= await weigh(this.#runtime, this.#hierarchy),
      hierarchy: this.#hierarchy,
      timeout: LONGEST,
    };
    let open = this.#open.get(sweep);
    if (open === undefined) {
      open = await runOnce({ ...options, mode: "bare", isOpen: true });
      this.#open.set(sweep, open);
    }
    const mode = threshold === null ? "bare" as const : `watchdog=${marks}` as const;
    const { outcome, worked, counters, cpu, peak } = await runOnce({ ...options, mode });
    return {
      outcome,
      goodput: outcome === "finished" ? round(open.worked! / worked!) : 0,
      ...(counters !== undefined && { gc: round(counters.timeSpent / worked!) }),
      ...(cpu !== undefined && { cpu: round(cpu / open.cpu!) }),
      peak: Math.round(peak! / MiB),
    };
  }

  async #serve(sweep: Sweep, threshold: number | null) {
    const share = (x: number) => `${round(x * 100)}%` as const;
    const headroom = sweep === "exit"
      ? { enter: share(0.1), exit: share(0.1 * threshold!) }
      : share(threshold ?? 0.1);
    const shedding: ShedOptions = {
      headroom,
      ...(sweep !== "headroom, perRequest" && { perRequest: 0 }),
    };
    const mode = threshold === null ? "bare" : "shed";
    const { outcome, answers, rate, peak } = await load(
      this.#runtime,
      mode,
      this.#hierarchy,
      OFFERED,
      HELD,
      shedding,
      this.#limit * MiB,
    );
    return {
      outcome,
      goodput: round(rate),
      rejected: round((answers["503"] ?? 0) / Math.max(1, answers["200"] ?? 0)),
      peak: Math.round(peak! / MiB),
    };
  }
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
