import type { Clock } from "../clock.ts";
import { findForceGc } from "../gc_host.ts";

/** Least time between two collections, in milliseconds. */
const LEAST_GAP = 25;
/** The same while no request was answered since the last. */
const IDLE_GAP = 10_000;
/** Most of the time that may go into collections. */
const MOST_SHARE = 0.25;

/**
 * Collects what answered requests have left. While everything is refused
 * nothing is allocated, so the engine itself has no reason to.
 */
export class Collector {
  readonly #clock: Pick<Clock, "now">;
  #enabled: boolean;
  #gc: (() => void) | undefined;
  /** How many requests had been answered at the last collection. */
  #answered = 0;
  #endedAt = -Infinity;
  #gap = LEAST_GAP;

  constructor(enabled: boolean, gc: (() => void) | undefined, clock: Pick<Clock, "now">) {
    this.#enabled = enabled;
    this.#gc = gc;
    this.#clock = clock;
  }

  /**
   * Collects, unless it is too soon.
   *
   * @param answered Requests answered so far.
   * @returns Whether it collected.
   */
  collect(answered: number): boolean {
    if (!this.#enabled) return false;
    const start = this.#clock.now();
    const gap = answered === this.#answered ? IDLE_GAP : this.#gap;
    if (start - this.#endedAt < gap) return false;
    this.#gc ??= findForceGc();
    if (this.#gc === undefined) {
      this.#enabled = false;
      return false;
    }
    this.#gc();
    this.#answered = answered;
    this.#endedAt = this.#clock.now();
    const duration = this.#endedAt - start;
    this.#gap = Math.max(LEAST_GAP, duration * (1 / MOST_SHARE - 1));
    return true;
  }
}
