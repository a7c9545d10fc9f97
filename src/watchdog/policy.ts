import { checkNumber, checkObject, show } from "../check.ts";
import type { Scope } from "../scope.ts";
import { isThenable } from "../thenable.ts";

/**
 * The usage that a policy decides about.
 *
 * @since 0.1.0
 */
export interface GcPolicyInput {
  /** Which memory the watchdog follows. */
  readonly scope: Scope;
  /** Its usage in bytes. */
  readonly used: number;
  /** Its limit, in bytes. */
  readonly limit: number;
}

/**
 * The decision of a policy.
 *
 * @since 0.1.0
 */
export interface GcPolicyVerdict {
  /** The next watermark: the usage in bytes at which to collect. `Infinity`: never. */
  readonly next: number;
  /** Whether to collect now. */
  readonly immediate?: boolean;
}

/**
 * Decides at which usage garbage is collected next. It is pure and synchronous.
 * The watchdog asks it again after each collection.
 *
 * @since 0.1.0
 */
export interface GcPolicy {
  /** Returns the next watermark for this usage and limit. */
  evaluate(input: GcPolicyInput): GcPolicyVerdict;
}

/**
 * A {@linkcode GcPolicy}, or its `evaluate` as a plain function.
 *
 * @since 0.1.0
 */
export type GcPolicyLike = GcPolicy | GcPolicy["evaluate"];

/**
 * Options of {@linkcode watermarks}.
 *
 * @since 0.1.0
 */
export interface WatermarkOptions {
  /**
   * What to do above the last watermark: collect repeatedly, within the GC rate
   * limit, or collect nothing until usage is below it again. Default: `"collect"`.
   */
  pastLast?: "collect" | "disable" | undefined;
}

/**
 * Makes a policy that collects when usage crosses one of several fractions of the
 * limit.
 *
 * ```ts
 * import { MiB } from "@x/memctl";
 * import { watermarks } from "@x/memctl/watchdog";
 * import assert from "node:assert/strict";
 *
 * const policy = watermarks([0.5, 0.75, 0.8]);
 * const limit = 64 * MiB;
 * assert.deepEqual(policy.evaluate({ scope: "heap", used: 0, limit }), { next: 32 * MiB });
 * assert.deepEqual(policy.evaluate({ scope: "heap", used: 32 * MiB, limit }), { next: 48 * MiB });
 * assert.equal(policy.evaluate({ scope: "heap", used: 60 * MiB, limit }).immediate, true);
 * ```
 *
 * @param fractions Fractions of the limit, ascending, above 0 and at most 1.
 * @param options What to do above the last of them.
 * @throws {RangeError} If there is no fraction, one is out of range, or they do not ascend.
 * @throws {TypeError} If the fractions are not an array of numbers.
 * @since 0.1.0
 */
export function watermarks(
  fractions: readonly number[],
  options: WatermarkOptions = {},
): GcPolicy {
  if (!Array.isArray(fractions)) {
    throw new TypeError(
      "'watermarks' must be an array, as in watermarks([0.6, 0.7]): " +
        `current value is ${show(fractions)}`,
    );
  }
  checkObject("options", options);
  const { pastLast = "collect" } = options;
  const marks = [...fractions];
  if (marks.length === 0) {
    throw new RangeError("'watermarks' must have at least one fraction: current value is none");
  }
  marks.forEach((watermark, i) => {
    checkFraction("watermarks", watermark);
    if (i > 0 && !(watermark > marks[i - 1]!)) {
      throw new RangeError(`'watermarks' must ascend: current value is ${marks.join(", ")}`);
    }
  });
  if (pastLast !== "collect" && pastLast !== "disable") {
    throw new RangeError(
      `'pastLast' must be "collect" or "disable": current value is ${show(pastLast)}`,
    );
  }
  return {
    evaluate({ used, limit }) {
      for (const watermark of marks) {
        const next = Math.floor(limit * watermark);
        if (used < next) return { next };
      }
      return pastLast === "collect" ? { next: used, immediate: true } : { next: Infinity };
    },
  };
}

/**
 * Makes a policy that lets usage grow by a part of what is left. The next
 * watermark is used + (limit − used) × factor.
 *
 * ```ts
 * import { MiB } from "@x/memctl";
 * import { adaptive } from "@x/memctl/watchdog";
 * import assert from "node:assert/strict";
 *
 * const policy = adaptive(0.5);
 * const limit = 64 * MiB;
 * assert.equal(policy.evaluate({ scope: "cgroup", used: 32 * MiB, limit }).next, 48 * MiB);
 * ```
 *
 * @param factor Above 0 and at most 1. With a smaller factor it collects earlier.
 * @throws {RangeError} If the factor is out of range.
 * @throws {TypeError} If it is not a number.
 * @since 0.1.0
 */
export function adaptive(factor: number): GcPolicy {
  checkFraction("adaptive", factor);
  return {
    evaluate({ used, limit }) {
      if (used >= limit) return { next: used, immediate: true };
      return { next: used + Math.floor((limit - used) * factor) };
    },
  };
}

/** Asks a policy, and throws if its answer is invalid. */
export function evaluate(policy: GcPolicyLike, input: GcPolicyInput): GcPolicyVerdict {
  const verdict = typeof policy === "function" ? policy(input) : policy.evaluate(input);
  if (isThenable(verdict)) {
    // The TypeError reports the policy; a rejection on top must not end the process.
    Promise.resolve(verdict).then(undefined, () => {});
    throw new TypeError(
      "a policy must be synchronous and return { next: bytes }: current value is a promise",
    );
  }
  if (typeof verdict?.next !== "number" || Number.isNaN(verdict.next)) {
    throw new TypeError(
      `a policy must return { next: bytes }: current value is ${show(verdict?.next ?? verdict)}`,
    );
  }
  return verdict;
}

/** Throws unless `value` is a number above 0 and at most 1. */
export function checkFraction(name: string, value: unknown): asserts value is number {
  checkNumber(
    name,
    value,
    "a fraction",
    "above 0 and at most 1",
    (value) => value > 0 && value <= 1,
  );
}
