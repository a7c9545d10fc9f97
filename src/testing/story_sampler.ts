import { show } from "../check.ts";
import type { Clock } from "../clock.ts";
import { MemInfo, type MemInfoInit, SIGNAL_NAMES } from "../mem_info.ts";
import type { Sampler, Signal, Signals } from "../sampler.ts";

/**
 * One moment of a memory story: which signals change, and when.
 *
 * @since 0.1.0
 */
export interface StoryMoment extends MemInfoInit {
  /** Milliseconds on the clock from which on this holds. */
  at: number;
}

/**
 * What happens to memory: its moments in order of time, or a function that
 * returns the signals at a time of the clock. A function is called for each
 * snapshot. What it throws, `sample()` throws.
 *
 * @since 0.1.0
 */
export type Story = readonly StoryMoment[] | ((at: number) => MemInfoInit);

/**
 * A sampler that tells a story. From each moment on its signals hold, until a
 * later moment changes them. `undefined` makes a signal unavailable.
 *
 * ```ts
 * import { MiB } from "@x/memctl";
 * import { ManualClock, StorySampler } from "@x/memctl/testing";
 * import assert from "node:assert/strict";
 *
 * const clock = new ManualClock();
 * const sampler = new StorySampler(clock, [
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
 * import { ManualClock, StorySampler } from "@x/memctl/testing";
 * import { systemDriven, watermarks } from "@x/memctl/watchdog";
 * import assert from "node:assert/strict";
 *
 * let garbage = 0;
 * const clock = new ManualClock();
 * const sampler = new StorySampler(
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
export class StorySampler implements Sampler {
  readonly #clock: Pick<Clock, "now">;
  readonly #tell: (at: number) => MemInfoInit;
  readonly #wakes = new Set<() => void>();
  #closed = false;
  /** The last snapshot, which `signals` explains. */
  #last: MemInfo | undefined;
  /** How many snapshots were taken. */
  samples = 0;

  /**
   * Makes a sampler that tells this story.
   *
   * @param clock Whose time the story follows.
   * @param story Its moments, in order of time, or a function.
   * @throws {RangeError} If the story has no moments, or they are out of order.
   */
  constructor(clock: Pick<Clock, "now">, story: Story) {
    this.#clock = clock;
    if (typeof story === "function") {
      this.#tell = story;
      return;
    }
    if (story.length === 0) {
      throw new RangeError("'story' must have at least one moment: current value is none");
    }
    story.forEach(({ at }, i) => {
      const least = i === 0 ? -Infinity : story[i - 1]!.at;
      if (!(at >= least)) {
        throw new RangeError(
          `'story' must be in order of 'at': current value is ${show(at)} at index ${i}`,
        );
      }
    });
    this.#tell = (at) => Object.assign({}, ...story.filter((moment) => moment.at <= at));
  }

  /** The snapshot of this moment. */
  sample(): MemInfo {
    if (this.#closed) throw new Error("Cannot sample: the sampler is closed");
    this.samples++;
    return this.#last = this.#now();
  }

  /**
   * Explains the last snapshot, or this moment if none was taken: each field that
   * the story mentions is available from its first mention on.
   */
  get signals(): Signals {
    const info = this.#last ?? this.#now();
    const explain = (available: boolean): Signal =>
      available
        ? { available, source: "story" }
        : { available, source: "story", reason: "the story does not tell it" };
    return Object.fromEntries([
      ...SIGNAL_NAMES.map((name) => [name, explain(info[name] !== undefined)]),
      ["pressureEvents", explain(true)],
    ]) as Signals;
  }

  /** Wakes who watches with `wakeOnPressure`, as the kernel would. */
  press(): void {
    for (const wake of this.#wakes) wake();
  }

  /** See {@linkcode Sampler.onPressure}. */
  onPressure(wake: () => void): () => void {
    const listener = () => wake();
    this.#wakes.add(listener);
    return () => void this.#wakes.delete(listener);
  }

  /** How many listen for pressure. */
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
