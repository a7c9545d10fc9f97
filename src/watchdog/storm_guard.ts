/**
 * Keeps forced collections from becoming the problem that they are to solve.
 * Durations are milliseconds.
 *
 * @since 0.1.0
 */
export interface StormGuardOptions {
  /** Least time between two forced collections. Default: 50. */
  minInterval?: number | undefined;
  /** Most time that waiting grows to while collecting does not help. Default: 300,000. */
  maxInterval?: number | undefined;
  /**
   * A collection that frees less than this fraction of the usage has not
   * helped, and the wait for the next one doubles. Default: 0.05.
   */
  minFreed?: number | undefined;
  /** Largest share of time that forced collections may take. Default: 0.5. */
  maxShare?: number | undefined;
}

/** The options with their defaults filled in. */
export type StormGuardSettings = { [name in keyof StormGuardOptions]-?: number };

/** Says when the next forced collection may be. */
export class StormGuard {
  readonly #minInterval: number;
  readonly #maxInterval: number;
  readonly #minFreed: number;
  readonly #maxShare: number;
  #wait: number;
  #allowedAt = -Infinity;

  constructor(options: StormGuardSettings) {
    this.#minInterval = options.minInterval;
    this.#maxInterval = options.maxInterval;
    this.#minFreed = options.minFreed;
    this.#maxShare = options.maxShare;
    this.#wait = options.minInterval;
  }

  allows(now: number): boolean {
    return now >= this.#allowedAt;
  }

  /** Milliseconds to wait after the last collection recorded. */
  get wait(): number {
    return this.#wait;
  }

  /**
   * Takes note of a collection that ended now: whether it helped.
   *
   * @param freed Bytes that it freed.
   * @param used Bytes in use before it.
   */
  record(now: number, duration: number, freed: number, used: number): boolean {
    const helped = freed >= this.#minFreed * used;
    this.#wait = helped ? this.#minInterval : Math.min(this.#wait * 2, this.#maxInterval);
    this.#allow(now, duration);
    return helped;
  }

  /** Takes note that the policy fired and nothing was collected. */
  pass(now: number): void {
    this.#allow(now, 0);
  }

  #allow(now: number, duration: number): void {
    // With a pause of this length after it, a collection has its share.
    const pause = duration * (1 / this.#maxShare - 1);
    this.#allowedAt = now + Math.max(this.#wait, pause);
  }
}
