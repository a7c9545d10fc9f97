import { MiB } from "../bytes.ts";
import type { Shortage } from "./ceilings.ts";

/** How long nothing must have been admitted before a trial is due, in milliseconds. */
const QUIET = 1_000;
/** The most that trials which do not come back lengthen that by. */
const MOST_DOUBLINGS = 4;
/** The share of what is left that trials may take together. */
const SHARE = 0.5;
/** What a request is taken to need where nobody says: bytes, and a share of the limit. */
const UNKNOWN = 8 * MiB;
const UNKNOWN_SHARE = 1 / 32;
/** How much usage may grow beside the trials in flight: bytes, and a share of what was left. */
const LEAST_SLACK = 1 * MiB;
const SLACK_SHARE = 1 / 8;

/** A request that was admitted as a trial. */
export interface Trial {
  readonly episode: number;
  /** Bytes that it is taken to need. */
  readonly cost: number;
}

/**
 * Admits few requests although memory is short. Memory that the allocator
 * keeps for reuse counts as used, garbage collection does not return it, and a
 * process that rejects every request never reuses it.
 *
 * When nothing has been admitted for a second, one request is: a new episode.
 * While its trials come back and usage does not grow, more are admitted, one
 * more at a time for each that came back.
 */
export class Trials {
  /** When a request was admitted last, by trial or otherwise. */
  #lastAdmission: number;
  #episode = 0;
  /** Usage and what was left at the start of the episode. */
  #baseline = 0;
  #slack = 0;
  /** How many trials of this episode may be in flight together. */
  #allowed = 0;
  /** Trials of this episode in flight. */
  #count = 0;
  /** Bytes of those, and of those that have come back since the last sample. */
  #reserved = 0;
  readonly #returned: Trial[] = [];
  /** Trials of all episodes that have not come back. */
  #outstanding = 0;

  constructor(now: number) {
    this.#lastAdmission = now;
  }

  /** Whether trials have come back that no sample has seen yet. */
  get unseen(): boolean {
    return this.#returned.length > 0;
  }

  /**
   * Whether a request is admitted as a trial.
   *
   * @param bytes What it takes at most; 0: unknown.
   * @param several Whether more than one may be in flight, or one a second is all.
   */
  admits(now: number, shortage: Shortage, bytes: number, several: boolean): boolean {
    const cost = bytes || unknownCost(shortage);
    const share = shareOf(shortage);
    if (this.#isDue(now, cost <= share)) return true;
    return several && this.#count < this.#allowed && this.#reserved + cost <= share &&
      shortage.used <= this.#baseline + this.#slack + this.#reserved;
  }

  /** Starts a trial that `admits()` has admitted; `end()` it. */
  start(now: number, shortage: Shortage, bytes: number): Trial {
    const cost = bytes || unknownCost(shortage);
    // A request that does not fit was admitted because its trial was due.
    if (this.#isDue(now, true)) {
      // Earlier trials that are still in flight no longer count: samples show what they took.
      this.#episode++;
      this.#baseline = shortage.used;
      this.#slack = Math.max(LEAST_SLACK, (shortage.left ?? 0) * SLACK_SHARE);
      this.#allowed = 1;
      this.#count = this.#reserved = this.#returned.length = 0;
    }
    this.#lastAdmission = now;
    this.#count++;
    this.#outstanding++;
    this.#reserved += cost;
    return { episode: this.#episode, cost };
  }

  /** A trial has come back. */
  end(trial: Trial): void {
    this.#outstanding--;
    if (trial.episode !== this.#episode) return;
    this.#count--;
    this.#returned.push(trial);
  }

  /** Takes a new sample into account. */
  sampled(): void {
    for (const { cost } of this.#returned) this.#reserved -= cost;
    this.#allowed += this.#returned.length;
    this.#returned.length = 0;
  }

  /** A request was admitted in the regular way. */
  admitted(now: number): void {
    this.#lastAdmission = now;
    this.#allowed = 0;
  }

  /** Trials that hang must not end trials, but where little is left they make them rare. */
  #isDue(now: number, fits: boolean): boolean {
    const waited = now - this.#lastAdmission;
    const doublings = fits ? 0 : Math.min(MOST_DOUBLINGS, this.#outstanding);
    // Less than nothing: the clock was set back.
    return waited >= QUIET * 2 ** doublings || waited < 0;
  }
}

function shareOf({ left = 0 }: Shortage): number {
  return left * SHARE;
}

/** In a small container no request takes what it may take in a large one. */
function unknownCost({ whole }: Shortage): number {
  return Number.isNaN(whole) ? UNKNOWN : Math.min(UNKNOWN, whole * UNKNOWN_SHARE);
}
