// A retirement on a manual clock, with memory that a scenario tells.

import type { Retirement, RetireOptions, RetireReason } from "../../retire.ts";
import { retire } from "../../retire.ts";
import { ManualClock, type Scenario, ScenarioSampler } from "../../testing.ts";
import { settle } from "./async.ts";

/** What the options of a test may change. */
type Changes = Partial<Omit<RetireOptions, "sampler" | "clock" | "exit">>;

/** A retirement and what it did. */
export class RetireBench implements Disposable {
  readonly clock: ManualClock = new ManualClock();
  readonly reasons: RetireReason[] = [];
  readonly errors: unknown[] = [];
  /** Exit codes. */
  readonly exits: number[] = [];
  readonly retirement: Retirement;
  /** Garbage collections that it forced. */
  collections = 0;

  /** @param onCollect Called at each forced garbage collection. */
  constructor(scenario: Scenario, changes: Changes = {}, onCollect: () => void = () => {}) {
    this.retirement = retire({
      sampler: new ScenarioSampler(this.clock, scenario),
      clock: this.clock,
      signals: [],
      gc: () => {
        this.collections++;
        onCollect();
      },
      exit: (code) => this.exits.push(code),
      onRetiring: (reason) => this.reasons.push(reason),
      onError: (error) => this.errors.push(error),
      ...changes,
    } as RetireOptions);
  }

  /** Lets seconds pass; promises settle after each tick. */
  async pass(seconds: number): Promise<void> {
    await this.clock.tickAsync(seconds * 1_000);
    await settle();
  }

  /** The rules that led to retiring. */
  get causes(): string[] {
    return this.reasons.map(({ cause }) => cause);
  }

  /** Stops it, also when it retires and would wait for ever. */
  async close(): Promise<void> {
    this.retirement.stop();
    if (!this.retirement.ready && this.retirement.state !== "ended") await this.pass(60);
  }

  [Symbol.dispose](): void {
    this.retirement.stop();
  }
}

/** Runs `use` with a bench, and stops it. */
export async function withRetirement(
  scenario: Scenario,
  changes: Changes,
  use: (bench: RetireBench) => unknown,
  onCollect?: () => void,
): Promise<void> {
  const bench = new RetireBench(scenario, changes, onCollect);
  try {
    await use(bench);
  } finally {
    await bench.close();
  }
}
