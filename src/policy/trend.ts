import { checkObject } from "../check.ts";
import type { MemInfo } from "../mem_info.ts";
import { SortedNumbers } from "./sorted_numbers.ts";

/**
 * The trend of headroom.
 *
 * @since 0.1.0
 */
export interface Trend {
  /** Headroom lost per second, in bytes. Negative if headroom grows. */
  readonly bytesPerSecond: number;
  /** Seconds until headroom is 0 at that rate. `Infinity` if it does not shrink. */
  readonly secondsLeft: number;
}

/**
 * Options of {@linkcode trend}.
 *
 * @since 0.1.0
 */
export interface TrendOptions {
  /** Number of recent samples to fit. Default: 20. */
  samples?: number | undefined;
}

/**
 * Computes how fast headroom shrinks, and how long it will last.
 *
 * The rate is the exact median slope over all pairs of recent samples (Theil–Sen
 * estimator). A single spike or garbage collection does not change it. The slopes
 * take 4 × `samples`² bytes: 1.6 kB by default, and 4 MB for 1,000 samples.
 *
 * ```ts
 * import { MemInfo } from "@x/memctl";
 * import { trend } from "@x/memctl/policy";
 * import assert from "node:assert/strict";
 *
 * const follow = trend();
 * for (let second = 0; second < 10; second++) {
 *   follow(new MemInfo({ at: second * 1_000, systemAvailable: 5_000 - second * 100 }));
 * }
 * const next = follow(new MemInfo({ at: 10_000, systemAvailable: 4_000 }));
 * assert.deepEqual(next, { bytesPerSecond: 100, secondsLeft: 40 });
 * ```
 *
 * @param options How many samples to fit.
 * @returns A function from a snapshot to the trend, or `undefined` before there are three samples
 * with a headroom.
 * @throws {RangeError} If `samples` is not a whole number from 3 to 1,000.
 * @since 0.1.0
 */
export function trend(options: TrendOptions = {}): (info: MemInfo) => Trend | undefined {
  checkObject("options", options);
  const { samples = 20 } = options;
  if (!(Number.isInteger(samples) && samples >= 3 && samples <= 1_000)) {
    throw new RangeError(
      `'samples' must be a whole number from 3 to 1000: current value is ${samples}`,
    );
  }
  const recent: Point[] = [];
  const slopes = new SortedNumbers(samples * (samples - 1) / 2);
  return (info) => {
    const headroom = info.headroom();
    if (headroom === undefined || Number.isNaN(headroom)) return undefined;
    const point = { at: info.at, headroom };
    // After the clock was set back, the samples before it say nothing.
    if ((recent.at(-1)?.at ?? -Infinity) > point.at) {
      recent.length = 0;
      slopes.clear();
    }
    if (recent.length === samples) {
      const oldest = recent.shift()!;
      slopes.remove(slopesBetween(oldest, recent));
    }
    slopes.add(slopesBetween(point, recent));
    recent.push(point);
    const slope = slopes.median;
    if (recent.length < 3 || slope === undefined) return undefined;
    const bytesPerSecond = -slope * 1_000 || 0;
    return {
      bytesPerSecond,
      secondsLeft: bytesPerSecond > 0 ? headroom / bytesPerSecond : Infinity,
    };
  };
}

interface Point {
  readonly at: number;
  readonly headroom: number;
}

/**
 * Bytes per millisecond from one point to each of the others, in ascending
 * order. Points of the same millisecond have none. The same two points always
 * give the same number, whichever comes first.
 */
function slopesBetween(point: Point, others: readonly Point[]): Float64Array {
  return Float64Array.from(
    others,
    ({ at, headroom }) => (headroom - point.headroom) / (at - point.at),
  )
    .filter(Number.isFinite).sort();
}
