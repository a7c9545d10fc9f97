import { show } from "../check.ts";
import type { Clock } from "../clock.ts";
import { MemInfo, type MemInfoInit, SIGNAL_NAMES } from "../mem_info.ts";
import type { Sampler, Signal, Signals } from "../sampler.ts";

/**
 * One step of a scenario: which signals change, and when.
 *
 * @since 0.1.0
 */
export interface ScenarioStep extends MemInfoInit {
  /** Time of the clock in milliseconds from which on the step holds. */
  at: number;
}

/**
 * What happens to memory: steps in order of time, or a function that returns the
 * signals at a time of the clock. A function is called for each snapshot. If it
 * throws, `sample()` throws that error.
 *
 * @since 0.1.0
 */
export type Scenario = readonly ScenarioStep[] | ((at: number) => MemInfoInit);

/**
 * A sampler that follows a scenario. The signals of a step hold until a later step
 * changes them. `undefined` makes a signal unavailable.
 *
 * ```ts
 * import { MiB } from "@x/memctl";
 * import { ManualClock, ScenarioSampler } from "@x/memctl/testing";
 * import assert from "node:assert/strict";
 *
 * const clock = new ManualClock();
 * const sampler = new ScenarioSampler(clock, [
 *   { at: 0, cgroupLimit: 300 * MiB, cgroupCurrent: 100 * MiB },
 *   { at: 5_000, cgroupCurrent: 290 * MiB },
 * ]);
 * assert.equal(sampler.sample().headroom(), 200 * MiB);
 * clock.tick(5_000);
 * assert.equal(sampler.sample().headroom(), 10 * MiB);
 * ```
 *
 * A function can follow what the program under test does:
 *
 * ```ts
 * import { MiB } from "@x/memctl";
 * import { ManualClock, ScenarioSampler } from "@x/memctl/testing";
 * import { systemDriven, watermarks } from "@x/memctl/watchdog";
 * import assert from "node:assert/strict";
 *
 * let garbage = 0;
 * const clock = new ManualClock();
 * const sampler = new ScenarioSampler(
 *   clock,
 *   () => ({ systemTotal: 100 * MiB, systemAvailable: 100 * MiB - garbage }),
 * );
 * const gc = () => garbage = 0;
 * const dog = systemDriven({ clock, sampler, gc, interval: 10, policy: watermarks([0.8]) });
 * garbage = 80 * MiB;
 * await clock.tickAsync(10);
 * assert.equal(garbage, 0);
 * dog.stop();
 * ```
 *
 * @since 0.1.0
 */
export class ScenarioSampler implements Sampler {
  readonly #clock: Pick<Clock, "now">;
  readonly #tell: (at: number) => MemInfoInit;
  readonly #wakes = new Set<() => void>();
  #closed = false;
  /** The last snapshot, which `signals` explains. */
  #last: MemInfo | undefined;
  /** Number of snapshots that were taken. */
  samples = 0;

  /**
   * Makes a sampler that follows this scenario.
   *
   * @param clock The clock of the scenario.
   * @param scenario Its steps in order of time, or a function.
   * @throws {RangeError} If the scenario has no steps, or they are out of order.
   */
  constructor(clock: Pick<Clock, "now">, scenario: Scenario) {
    this.#clock = clock;
    if (typeof scenario === "function") {
      this.#tell = scenario;
      return;
    }
    if (scenario.length === 0) {
      throw new RangeError("'scenario' must have at least one step: current value is none");
    }
    scenario.forEach(({ at }, i) => {
      const least = i === 0 ? -Infinity : scenario[i - 1]!.at;
      if (!(at >= least)) {
        throw new RangeError(
          `'scenario' must be in order of 'at': current value is ${show(at)} at index ${i}`,
        );
      }
    });
    this.#tell = (at) => Object.assign({}, ...scenario.filter((step) => step.at <= at));
  }

  /** Takes the snapshot of this time. */
  sample(): MemInfo {
    if (this.#closed) throw new Error("Cannot sample: the sampler is closed");
    this.samples++;
    return this.#last = this.#now();
  }

  /**
   * Explains the last snapshot, or the current time if none was taken. A field is
   * available from the first step on that has it.
   */
  get signals(): Signals {
    const info = this.#last ?? this.#now();
    const explain = (available: boolean): Signal =>
      available
        ? { available, source: "scenario" }
        : { available, source: "scenario", reason: "no step of the scenario has it" };
    return Object.fromEntries([
      ...SIGNAL_NAMES.map((name) => [name, explain(info[name] !== undefined)]),
      ["pressureEvents", explain(true)],
    ]) as Signals;
  }

  /** Imitates a pressure event of the kernel, which wakes watches with `wakeOnPressure`. */
  press(): void {
    for (const wake of this.#wakes) wake();
  }

  /** See {@linkcode Sampler.onPressure}. */
  onPressure(wake: () => void): () => void {
    const listener = () => wake();
    this.#wakes.add(listener);
    return () => void this.#wakes.delete(listener);
  }

  /** Number of listeners for pressure events. */
  get listeners(): number {
    return this.#wakes.size;
  }

  /** Whether it was closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /** See {@linkcode Sampler.close}. */
  close(): void {
    this.#closed = true;
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close();
  }

  #now(): MemInfo {
    const at = this.#clock.now();
    return new MemInfo({ ...this.#tell(at), at });
  }
}
