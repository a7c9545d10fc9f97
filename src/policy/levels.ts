import { checkObject } from "../check.ts";
import type { MemInfo } from "../mem_info.ts";
import { inBytes, wholeOf } from "../size.ts";
import { type LevelThresholds, type ParsedLevel, readLevels } from "./level_thresholds.ts";

/**
 * Options of {@linkcode levels}.
 *
 * @since 0.1.0
 */
export interface LevelsOptions {
  /**
   * Number of consecutive samples above the `exit` of a level before that level is
   * left. Samples without a headroom do not count. Default: 1.
   */
  sustain?: number | undefined;
}

/**
 * Maps each snapshot to a named level of memory shortage, with hysteresis.
 *
 * A level is entered at once when headroom falls below its `enter`. It is left
 * only when headroom is above its `exit`. Between the two, and while headroom is
 * unknown, the level does not change.
 *
 * ```ts
 * import { GiB, MemInfo, MiB } from "@x/memctl";
 * import { levels } from "@x/memctl/policy";
 * import assert from "node:assert/strict";
 *
 * const level = levels({ low: { enter: 512 * MiB, exit: 1 * GiB } });
 * const workers = (systemAvailable: number) =>
 *   level(new MemInfo({ systemAvailable })) === "low" ? 1 : 4;
 *
 * assert.equal(workers(800 * MiB), 4); // between the two: no change
 * assert.equal(workers(500 * MiB), 1);
 * assert.equal(workers(800 * MiB), 1);
 * assert.equal(workers(1.1 * GiB), 4);
 * ```
 *
 * @param thresholds Each level by name, the mildest first.
 * @param options When to leave a level.
 * @returns A function from a snapshot to the level's name, or `"normal"`.
 * @throws {RangeError} If a threshold is out of range, `exit` is below `enter`, the levels do not
 * descend, bytes and shares are mixed, or `sustain` is not a whole number above 0.
 * @throws {RangeError} If the name of a level is `"normal"`, or has only digits.
 * @throws {TypeError} If a level is not an object, or a threshold is neither a number nor a share.
 * @since 0.1.0
 */
export function levels<Name extends string>(
  thresholds: Readonly<Record<Name, LevelThresholds>>,
  options: LevelsOptions = {},
): (info: MemInfo) => Name | "normal" {
  checkObject("options", options);
  const { sustain } = options;
  const follow = followLevels(readLevels("", thresholds), readSustain(sustain));
  return (info) => follow(info)?.name ?? "normal";
}

/** Reads the option `sustain`. */
export function readSustain(sustain: number = 1): number {
  if (Number.isInteger(sustain) && sustain > 0) return sustain;
  throw new RangeError(`'sustain' must be a whole number above 0: current value is ${sustain}`);
}

/**
 * The same as {@linkcode levels} for levels that are parsed.
 *
 * @param levels The mildest first.
 * @returns A function from a snapshot to its level; `undefined` for none.
 */
export function followLevels<Level extends ParsedLevel>(
  levels: readonly Level[],
  sustain: number,
): (info: MemInfo) => Level | undefined {
  /** Index into `levels`; -1: none. */
  let current = -1;
  /** For each level, the number of consecutive samples above its exit. */
  const calm = levels.map(() => 0);

  return (info) => {
    const headroom = info.headroom();
    if (headroom !== undefined) {
      const whole = wholeOf(info);
      for (const [i, { exit }] of levels.entries()) {
        calm[i] = headroom > inBytes(exit, whole) ? calm[i]! + 1 : 0;
      }
      const entered = levels.findLastIndex(({ enter }) => headroom < inBytes(enter, whole));
      const kept = calm.findLastIndex((samples, i) => i <= current && samples < sustain);
      current = Math.max(entered, kept);
    }
    return levels[current];
  };
}
