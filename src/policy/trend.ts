import type { MemInfo } from "../mem_info.ts";

/**
 * Where memory is heading.
 *
 * @since 0.1.0
 */
export interface Trend {
  /** Bytes of headroom lost per second; negative: it grows. */
  readonly bytesPerSecond: number;
  /** Seconds until headroom is 0 at that rate; `Infinity` if it does not shrink. */
  readonly secondsLeft: number;
}

/**
 * Options of {@linkcode trend}.
 *
 * @since 0.1.0
 */
export interface TrendOptions {
  /** How many recent samples to fit. Default: 20. */
  samples?: number | undefined;
}

/**
 * Growth rate and time to exhaustion, by the median slope over all pairs of
 * recent samples (Theil and Sen): a single spike or collection does not turn it.
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
 * @param options How far to look back.
 * @returns A function from a snapshot to the trend, or `undefined` before there are three samples
 * with a headroom.
 * @throws {RangeError} If `samples` is not a whole number from 3 to 1,000.
 * @since 0.1.0
 */
export function trend(options: TrendOptions = {}): (info: MemInfo) => Trend | undefined {
  const { samples = 20 } = options;
  if (!(Number.isInteger(samples) && samples >= 3 && samples <= 1_000)) {
    throw new RangeError(
      `'samples' must be a whole number from 3 to 1000: current value is ${samples}`,
    );
  }
  const recent: { at: number; headroom: number }[] = [];
  return (info) => {
    const headroom = info.headroom();
    if (headroom === undefined) return undefined;
    // A clock that was set back begins anew.
    if ((recent.at(-1)?.at ?? -Infinity) > info.at) recent.length = 0;
    recent.push({ at: info.at, headroom });
    if (recent.length > samples) recent.shift();
    const slope = medianSlope(recent);
    if (recent.length < 3 || slope === undefined) return undefined;
    const bytesPerSecond = -slope * 1_000 || 0;
    return {
      bytesPerSecond,
      secondsLeft: bytesPerSecond > 0 ? headroom / bytesPerSecond : Infinity,
    };
  };
}

/** Bytes per millisecond. */
function medianSlope(points: { at: number; headroom: number }[]): number | undefined {
  const slopes: number[] = [];
  points.forEach((a, i) => {
    for (const b of points.slice(i + 1)) {
      if (b.at > a.at) slopes.push((b.headroom - a.headroom) / (b.at - a.at));
    }
  });
  slopes.sort((a, b) => a - b);
  const middle = slopes.length >> 1;
  if (slopes.length % 2 === 1) return slopes[middle];
  return slopes.length === 0 ? undefined : (slopes[middle - 1]! + slopes[middle]!) / 2;
}
