import type { Share } from "../size.ts";

/**
 * Limits how often garbage collection is forced. Durations are milliseconds.
 *
 * @since 0.1.0
 */
export interface GcRateLimitOptions {
  /** Minimum time between two forced collections, in milliseconds. Default: 50. */
  minGap?: number | undefined;
  /** Maximum back-off between ineffective collections, in milliseconds. Default: 300,000. */
  maxGap?: number | undefined;
  /**
   * A collection is ineffective if it frees less than this share of the usage
   * before it. The wait for the next one then doubles. Default: `"5%"`.
   */
  minFreed?: Share | undefined;
  /**
   * Maximum share of time that forced collections take while usage is near the
   * limit (see `nearLimit`). Default: `"50%"`.
   */
  maxShare?: Share | undefined;
  /**
   * Maximum share of time that effective collections take while usage is not near
   * the limit, if it is less than `maxShare`. It is small because a program is slower for a
   * while after a forced collection too, which no figure shows. Default: `"8%"`.
   */
  calmShare?: Share | undefined;
  /**
   * Share of the room left by the last effective collection that must be filled
   * before the next one is forced. Default: `"50%"`.
   */
  minFill?: Share | undefined;
  /**
   * Maximum share of time that ineffective collections take, if it is less
   * than `maxShare`. It does not hold while usage grows (see `minChange`).
   * Default: `"10%"`.
   */
  maxIneffectiveShare?: Share | undefined;
  /**
   * The back-off ends early if usage, this isolate's heap or the limit changes by
   * this share of the limit. A fall counts from the value after the last
   * ineffective collection, and a rise from the value before it. Default: `"5%"`.
   */
  minChange?: Share | undefined;
  /**
   * While usage is at or above this share of the limit, `maxShare` applies
   * instead of `calmShare`, and the back-off is at most `maxGapNearLimit`.
   * Default: `"90%"`.
   */
  nearLimit?: Share | undefined;
  /** Maximum back-off while usage is near the limit, in milliseconds. Default: 2,000. */
  maxGapNearLimit?: number | undefined;
}

/** The options with their defaults filled in; shares are fractions. */
export type GcRateLimitSettings = { [name in keyof GcRateLimitOptions]-?: number };

/** Bytes; NaN: unknown, which equals no change. */
interface Figures {
  used: number;
  heapUsed: number;
  runtimeTotal: number;
}

/** Milliseconds after which a collection no longer matters for the next one. */
const CALM_AFTER = 10_000;

/** Says when the next forced collection may be. */
export class GcRateLimit {
  readonly #settings: GcRateLimitSettings;
  #wait: number;
  /** When the last collection ended. */
  #endedAt = -Infinity;
  /** How long it took. */
  #duration = 0;
  /** The share of time that permits the next one, if usage is near the limit. */
  #share = 1;
  /** Usage in bytes below which the room that it left is not filled; NaN: not known yet. */
  #floor = -Infinity;
  #used = Infinity;
  #near = false;
  #holding = false;
  #held = 0;
  #ineffectiveCount = 0;
  #consecutive = 0;
  #ineffective = false;
  #limit = NaN;
  /** The last figures observed. */
  readonly #last = unknownFigures();
  /** Those before the last collection: garbage of the usual amount does not rise above them. */
  readonly #before = unknownFigures();
  /** Those after it, once they were observed. */
  readonly #after = unknownFigures();
  #hasAfter = false;

  constructor(options: GcRateLimitSettings) {
    this.#settings = options;
    this.#wait = options.minGap;
  }

  /**
   * Whether a collection may be forced now.
   *
   * @param affordable Whether all collections together, the engine's own
   * included, take less than their share of time.
   */
  allows(now: number, affordable = true): boolean {
    const filled = this.#used >= this.#floor;
    const allowed = filled && affordable && now >= this.#endedAt + this.wait;
    if (!allowed && !this.#holding) this.#held++;
    this.#holding = !allowed;
    return allowed;
  }

  /** Times that it began to hold a collection back. */
  get held(): number {
    return this.#held;
  }

  /** Whether no collection has been forced for a while, and none is held back. */
  isCalm(now: number): boolean {
    return !this.#ineffective && now - this.#endedAt >= CALM_AFTER;
  }

  /** Ineffective collections. */
  get ineffective(): number {
    return this.#ineffectiveCount;
  }

  /** Consecutive ineffective collections, up to the last collection. */
  get consecutive(): number {
    return this.#consecutive;
  }

  /** Milliseconds to wait after the last collection recorded. */
  get wait(): number {
    const { minGap, maxGapNearLimit, calmShare } = this.#settings;
    const most = this.#near ? Math.max(minGap, maxGapNearLimit) : Infinity;
    const share = this.#near || this.#ineffective ? this.#share : Math.min(this.#share, calmShare);
    // With a pause of this length after it, a collection has its share of time.
    const pause = this.#duration * (1 / share - 1);
    return Math.max(pause, Math.min(this.#wait, most));
  }

  /**
   * Takes note of a collection that ended now: whether it helped.
   *
   * @param freed Bytes that it freed.
   * @param used Bytes in use before it.
   */
  record(now: number, duration: number, freed: number, used: number): boolean {
    const { minGap, maxGap, minFreed, maxShare, maxIneffectiveShare } = this.#settings;
    const helped = freed >= minFreed * used;
    this.#ineffective = !helped;
    this.#consecutive = helped ? 0 : this.#consecutive + 1;
    if (!helped) this.#ineffectiveCount++;
    this.#wait = helped ? minGap : Math.min(this.#wait * 2, maxGap);
    this.#share = helped ? maxShare : Math.min(maxShare, maxIneffectiveShare);
    this.#duration = duration;
    this.#endedAt = now;
    // The back-off alone paces those that free nothing.
    this.#floor = helped ? Infinity : -Infinity;
    copy(this.#last, this.#before);
    this.#hasAfter = false;
    return helped;
  }

  /** Takes note that the policy fired and nothing was collected. */
  pass(now: number): void {
    this.#endedAt = now;
    this.#duration = 0;
  }

  /**
   * Takes note of the figures, in bytes; NaN for one that is unknown. If they
   * have changed markedly since the last ineffective collection, there may be
   * garbage that it did not find, and the back-off ends.
   *
   * @param alone Whether a change of the usage counts. With other isolates in
   * the process, it is mostly theirs.
   */
  observe(
    used: number,
    limit: number,
    heapUsed: number,
    runtimeTotal: number,
    alone: boolean,
  ): void {
    const { minGap, minChange, minFill, maxShare, nearLimit } = this.#settings;
    this.#used = used;
    this.#near = used >= nearLimit * limit;
    this.#floor = Math.min(this.#floor, used + Math.max(0, limit - used) * minFill);
    const last = this.#last;
    last.used = alone ? used : NaN;
    last.heapUsed = heapUsed;
    last.runtimeTotal = runtimeTotal;
    if (!this.#ineffective) return;
    if (!this.#hasAfter) {
      this.#hasAfter = true;
      this.#limit = limit;
      copy(last, this.#after);
      return;
    }
    const step = minChange * this.#limit;
    if (isAbove(last, this.#before, step)) {
      // Unlike the other changes, this one can recur only until the limit is
      // reached, so that it cannot cost much time.
      this.#share = maxShare;
      this.#wait = minGap;
    } else if (isAbove(this.#after, last, step) || Math.abs(limit - this.#limit) >= step) {
      this.#wait = minGap;
    }
  }
}

function unknownFigures(): Figures {
  return { used: NaN, heapUsed: NaN, runtimeTotal: NaN };
}

function copy(from: Figures, to: Figures): void {
  to.used = from.used;
  to.heapUsed = from.heapUsed;
  to.runtimeTotal = from.runtimeTotal;
}

/** Whether one of the figures is above its counterpart by at least `step`. */
function isAbove(high: Figures, low: Figures, step: number): boolean {
  return high.used - low.used >= step || high.heapUsed - low.heapUsed >= step ||
    high.runtimeTotal - low.runtimeTotal >= step;
}
