import { checkNumber, checkObject } from "../check.ts";
import type { MemInfo } from "../mem_info.ts";

/**
 * Options of {@linkcode linearBudget}.
 *
 * @since 0.1.0
 */
export interface LinearBudgetOptions {
  /** Memory that one worker needs, in bytes, above 0. */
  costPerWorker: number;
  /** Fraction of the headroom to use, above 0 and at most 1. Default: 0.5. */
  fraction?: number | undefined;
  /** Memory to reserve before the first worker, in bytes. Default: 0. */
  overhead?: number | undefined;
  /** Number of processor cores. Default: the number that the runtime reports. */
  cores?: number | undefined;
  /** Maximum number of workers per core. Default: 1. */
  ratio?: number | undefined;
  /** Maximum number of workers. Default: no maximum. */
  max?: number | undefined;
}

/**
 * Computes how many workers fit into the headroom.
 *
 * The number is (headroom × `fraction` − `overhead`) ÷ `costPerWorker`. It is at
 * most `cores` × `ratio`, at most `max`, and at least 1.
 *
 * ```ts
 * import { GiB, MemInfo, MiB } from "@x/memctl";
 * import { linearBudget } from "@x/memctl/policy";
 * import assert from "node:assert/strict";
 *
 * const workers = linearBudget({ costPerWorker: 500 * MiB, fraction: 0.5, cores: 8 });
 * assert.equal(workers(new MemInfo({ systemAvailable: 4 * GiB })), 4);
 * ```
 *
 * @param options The cost of a worker, and the maximum numbers.
 * @returns A function from a snapshot to a number of workers. It returns 1 while headroom is unknown.
 * @throws {RangeError} If an option is out of range.
 * @throws {TypeError} If an option is not a number.
 * @since 0.1.0
 */
export function linearBudget(options: LinearBudgetOptions): (info: MemInfo) => number {
  checkObject("options", options);
  const {
    costPerWorker,
    fraction = 0.5,
    overhead = 0,
    cores = globalThis.navigator?.hardwareConcurrency ?? 1,
    ratio = 1,
    max = Infinity,
  } = options;
  check("costPerWorker", costPerWorker, Number.MIN_VALUE, Number.MAX_SAFE_INTEGER);
  check("fraction", fraction, Number.MIN_VALUE, 1);
  check("overhead", overhead, 0, Number.MAX_SAFE_INTEGER);
  check("cores", cores, 1, Number.MAX_SAFE_INTEGER);
  check("ratio", ratio, Number.MIN_VALUE, Number.MAX_SAFE_INTEGER);
  check("max", max, 1, Infinity);
  const most = Math.min(cores * ratio, max);
  return (info) => {
    const usable = (info.headroom() ?? 0) * fraction - overhead;
    const workers = Math.floor(Math.min(usable / costPerWorker, most));
    // NaN is not above 1 either.
    return workers > 1 ? workers : 1;
  };
}

function check(name: string, value: unknown, least: number, most: number): void {
  const low = least === Number.MIN_VALUE ? "above 0" : `at least ${least}`;
  const high = most === Number.MAX_SAFE_INTEGER ? "finite" : `at most ${most}`;
  checkNumber(
    name,
    value,
    "a number",
    `${low} and ${high}`,
    (value) => value >= least && value <= most,
  );
}
