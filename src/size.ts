import { show } from "./check.ts";
import type { MemInfo } from "./mem_info.ts";

/**
 * A share, such as `"10%"` or `"12.5%"`, above 0 % and at most 100 %. Each option
 * that takes a share says what it is a share of, and whether it is the part that
 * is left or the part that is used.
 *
 * @since 0.1.0
 */
export type Share = `${number}%`;

/**
 * A number of bytes, at least 1, or a {@linkcode Share} such as `"10%"`.
 *
 * @since 0.1.0
 */
export type Size = number | Share;

/** A size that was checked and parsed. */
export interface ParsedSize {
  /** Bytes, or percent of the whole. */
  readonly value: number;
  readonly isShare: boolean;
}

/**
 * Checks and parses a size.
 *
 * @throws {TypeError} If it is neither a number nor a share.
 * @throws {RangeError} If it is out of range.
 */
export function parseSize(name: string, given: unknown): ParsedSize {
  if (isShare(given)) return { value: percentOf(name, given), isShare: true };
  if (typeof given !== "number") {
    throw new TypeError(
      `'${name}' must be bytes or a share such as "10%": current value is ${show(given)}`,
    );
  }
  if (!(given >= 1 && given < Infinity)) {
    throw new RangeError(
      `'${name}' must be at least 1 byte and finite, or a share such as "${
        example(given)
      }": current value is ${given}`,
    );
  }
  return { value: given, isShare: false };
}

/**
 * Checks and parses a share.
 *
 * @returns The fraction: above 0 and at most 1.
 * @throws {TypeError} If it is not a share.
 * @throws {RangeError} If it is out of range.
 */
export function parseShare(name: string, given: unknown): number {
  if (!isShare(given)) {
    throw new TypeError(
      `'${name}' must be a share such as "${example(given)}": current value is ${show(given)}`,
    );
  }
  return percentOf(name, given) / 100;
}

/** The bytes of a size. A share of an unknown whole (NaN) is NaN. */
export function inBytes({ value, isShare }: ParsedSize, whole: number): number {
  return isShare ? whole * value / 100 : value;
}

/** The size times a factor; a share is at most 100 %. */
export function times({ value, isShare }: ParsedSize, factor: number): ParsedSize {
  const product = value * factor;
  return { value: isShare ? Math.min(100, product) : product, isShare };
}

/** A parsed size for error messages. */
export function showSize({ value, isShare }: ParsedSize): string {
  return isShare ? `"${value}%"` : String(value);
}

/** The bytes that shares of memory are of: the cgroup's limit, or host memory without one. */
export function wholeOf({ cgroupLimit, systemTotal }: MemInfo): number {
  const limited = cgroupLimit !== undefined && cgroupLimit !== Infinity;
  return (limited ? cgroupLimit : systemTotal) ?? NaN;
}

function percentOf(name: string, share: Share): number {
  const percent = Number(share.slice(0, -1));
  if (percent > 0 && percent <= 100) return percent;
  throw new RangeError(
    `'${name}' must be above 0% and at most 100%: current value is ${show(share)}`,
  );
}

function isShare(value: unknown): value is Share {
  return typeof value === "string" && /^-?(\d+\.?\d*|\.\d+)%$/.test(value);
}

/** A number such as 0.1 is most likely a share in the wrong form, so the error shows the right one. */
function example(given: unknown): Share {
  const fraction = typeof given === "number" && given >= 0.001 && given <= 1 ? given : 0.1;
  return `${Number((fraction * 100).toPrecision(12))}%`;
}
