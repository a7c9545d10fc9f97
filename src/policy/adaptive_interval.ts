import { GiB } from "../bytes.ts";
import { checkInterval, checkNumber, checkObject } from "../check.ts";
import type { MemInfo } from "../mem_info.ts";

/**
 * Options of {@linkcode adaptiveInterval}.
 *
 * @since 0.1.0
 */
export interface AdaptiveIntervalOptions {
  /** Minimum interval in milliseconds. Default: 100. */
  min?: number | undefined;
  /** Maximum interval in milliseconds. Default: 5,000. */
  max?: number | undefined;
  /** Maximum rate at which memory can be filled, in bytes per second. Default: 1 GiB. */
  fillRate?: number | undefined;
}

/**
 * Makes an interval function for `watch` that samples faster as headroom shrinks.
 *
 * The interval is the time in which the headroom could be filled, within bounds.
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
 * @returns A function from a snapshot to milliseconds. It returns `min` before the first snapshot,
 * and while headroom is unknown.
 * @throws {RangeError} If a bound is not an interval, `max` is below `min`, or the rate is not above 0.
 * @throws {TypeError} If an option is not a number.
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
