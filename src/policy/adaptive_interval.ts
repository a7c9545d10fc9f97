import { GiB } from "../bytes.ts";
import { checkInterval, checkNumber, checkObject } from "../check.ts";
import type { MemInfo } from "../mem_info.ts";

/**
 * Options of {@linkcode adaptiveInterval}.
 *
 * @since 0.1.0
 */
export interface AdaptiveIntervalOptions {
  /** Shortest interval in milliseconds. Default: 100. */
  min?: number | undefined;
  /** Longest interval in milliseconds. Default: 5,000. */
  max?: number | undefined;
  /** Bytes per second that could be filled at most. Default: 1 GiB. */
  fillRate?: number | undefined;
}

/**
 * Samples faster as headroom shrinks: the interval is the time in which what
 * is left could be filled, within bounds. For the option `interval` of `watch`.
 *
 * ```ts
 * import { GiB, MemInfo, MiB, watch } from "@x/memctl";
 * import { adaptiveInterval } from "@x/memctl/policy";
 * import assert from "node:assert/strict";
 *
 * const interval = adaptiveInterval({ min: 50, max: 2_000, fillRate: 1 * GiB });
 * assert.equal(interval(new MemInfo({ systemAvailable: 512 * MiB })), 500);
 *
 * const stop = new AbortController();
 * await watch({ interval, signal: stop.signal }, () => stop.abort());
 * ```
 *
 * @param options The bounds and the rate.
 * @returns A function from a snapshot to milliseconds: `min` before the first snapshot, and for one
 * without a headroom.
 * @throws {RangeError} If a bound is not an interval, `max` is below `min`, or the rate is not above 0.
 * @throws {TypeError} If one is not a number.
 * @since 0.1.0
 */
export function adaptiveInterval(
  options: AdaptiveIntervalOptions = {},
): (info: MemInfo | undefined) => number {
  checkObject("options", options);
  const { min = 100, max = 5_000, fillRate = 1 * GiB } = options;
  checkInterval(min, "min");
  checkInterval(max, "max");
  if (max < min) {
    throw new RangeError(`'max' must be at least min, ${min}: current value is ${max}`);
  }
  checkNumber(
    "fillRate",
    fillRate,
    "a number of bytes per second",
    "above 0 and finite",
    (value) => value > 0 && value < Infinity,
  );
  return (info) => {
    const headroom = info?.headroom() ?? 0;
    const milliseconds = Math.round(headroom / fillRate * 1_000);
    // NaN is not above min either.
    return milliseconds > min ? Math.min(max, milliseconds) : min;
  };
}
