import type { Clock } from "../clock.ts";
import { findForceGc } from "../gc_host.ts";

/** Least time between two collections, in milliseconds. */
const LEAST_GAP = 25;
/** What it grows to, doubling, while no request is answered between them. */
const MOST_GAP = 10_000;
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
  /** The gap that keeps to the share of time, by the last collection. */
  #shortest = LEAST_GAP;
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
    // What was answered last may still be held, by the engine or by a socket.
    if (answered !== this.#answered) this.#gap = this.#shortest;
    if (start - this.#endedAt < this.#gap) return false;
    this.#gc ??= findForceGc();
    if (this.#gc === undefined) {
      this.#enabled = false;
      return false;
    }
    this.#gc();
    this.#endedAt = this.#clock.now();
    this.#shortest = Math.max(LEAST_GAP, (this.#endedAt - start) * (1 / MOST_SHARE - 1));
    this.#gap = answered === this.#answered
      ? Math.min(MOST_GAP, Math.max(this.#shortest, this.#gap * 2))
      : this.#shortest;
    this.#answered = answered;
    return true;
  }
}
