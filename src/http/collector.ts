import { MiB } from "../bytes.ts";
import type { Clock } from "../clock.ts";
import { findForceGc } from "../host/gc.ts";
import type { Shortage } from "./ceilings.ts";

/** Least time between two collections, in milliseconds. */
const LEAST_GAP = 25;
/** What it grows to, doubling, while collections have no effect. */
const MOST_GAP = 10_000;
/** What it grows to while no request is in flight: what requests held is garbage by then. */
const MOST_IDLE_GAP = 1_000;
/** Most of the time that may go into collections. */
const MOST_SHARE = 0.25;
/** A collection that frees less has no effect: bytes, and a share of what the process holds. */
const LEAST_EFFECT = 1 * MiB;
const EFFECT_SHARE = 1 / 32;
/** How many times that usage must move for another collection to make sense. */
const MARKED_MOVE = 2;

/**
 * Collects what answered requests have left. While everything is rejected
 * nothing is allocated, so the engine itself has no reason to. Where usage
 * consists of live data, collecting costs time and frees nothing: the gap
 * between two collections doubles as long as they have no effect.
 */
export class Collector {
  readonly #clock: Pick<Clock, "now">;
  #enabled: boolean;
  #gc: (() => void) | undefined;
  #endedAt = -Infinity;
  /** The gap that keeps to the share of time, by the last collection. */
  #shortest = LEAST_GAP;
  #gap = LEAST_GAP;
  /** Usage before the last collection, and the least seen since, until it was judged. */
  #before = NaN;
  #least = NaN;
  #judged = true;

  constructor(enabled: boolean, gc: (() => void) | undefined, clock: Pick<Clock, "now">) {
    this.#enabled = enabled;
    this.#gc = gc;
    this.#clock = clock;
  }

  /**
   * Collects, unless it is too soon.
   *
   * @param idle Whether no request is in flight.
   * @returns Whether it collected.
   * @throws Whatever the function that collects throws; from then on it is not called.
   */
  collect({ used, own }: Shortage, idle: boolean): boolean {
    if (!this.#enabled) return false;
    const start = this.#clock.now();
    const effect = Math.max(LEAST_EFFECT, own * EFFECT_SHARE);
    if (!this.#judged) this.#judge(start, used, effect);
    const moved = Math.abs(used - this.#least) >= effect * MARKED_MOVE;
    const gap = moved ? this.#shortest : idle ? Math.min(this.#gap, MOST_IDLE_GAP) : this.#gap;
    const waited = start - this.#endedAt;
    // Less than nothing: the clock was set back.
    if (waited >= 0 && waited < Math.max(gap, this.#shortest)) return false;
    this.#gc ??= findForceGc();
    if (this.#gc === undefined) {
      this.#enabled = false;
      return false;
    }
    try {
      this.#gc();
    } catch (error) {
      this.#enabled = false;
      throw error;
    }
    this.#endedAt = this.#clock.now();
    this.#shortest = Math.max(LEAST_GAP, (this.#endedAt - start) * (1 / MOST_SHARE - 1));
    if (moved) this.#gap = this.#shortest;
    this.#before = this.#least = used;
    this.#judged = false;
    return true;
  }

  /** Engines return what they have freed to the system a little later, so this waits as well. */
  #judge(now: number, used: number, effect: number): void {
    this.#least = Math.min(this.#least, used);
    if (now - this.#endedAt < LEAST_GAP) return;
    this.#judged = true;
    this.#gap = this.#before - this.#least >= effect
      ? this.#shortest
      : Math.min(MOST_GAP, Math.max(this.#shortest, this.#gap * 2));
  }
}
