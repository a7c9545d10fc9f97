import { checkNumber, checkObject } from "../check.ts";
import type { MemInfo } from "../mem_info.ts";

/**
 * When a level is entered and left. A number above 1 is bytes of headroom. A
 * number up to 1 is a fraction of the limit, or of host memory if there is no
 * limit. All thresholds of one set of levels are bytes, or all are fractions.
 *
 * @since 0.1.0
 */
export interface LevelThresholds {
  /** Entered at once when headroom is below this. */
  enter: number;
  /** Left when headroom is above this; at least `enter`. */
  exit: number;
}

/**
 * Options of {@linkcode levels}.
 *
 * @since 0.1.0
 */
export interface LevelsOptions {
  /**
   * How many consecutive samples must be above the `exit` of a level before that
   * level is left. Samples without a headroom do not count. Default: 1.
   */
  sustain?: number | undefined;
}

/**
 * Tells named levels of memory shortage apart, with hysteresis. A level is
 * entered at once when headroom falls below its `enter`, and left only when
 * headroom is above its `exit`. In between the level stays as it was, and so it
 * does while headroom is unknown.
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
 * assert.equal(workers(800 * MiB), 4); // in between: as it was
 * assert.equal(workers(500 * MiB), 1);
 * assert.equal(workers(800 * MiB), 1);
 * assert.equal(workers(1.1 * GiB), 4);
 * ```
 *
 * @param thresholds Each level by name, the mildest first.
 * @param options How slowly to ease.
 * @returns A function from a snapshot to the level's name, or `"normal"`.
 * @throws {RangeError} If a threshold is not above 0, `exit` is below `enter`, the levels do not
 * descend, bytes and fractions are mixed, or `sustain` is not a whole number above 0.
 * @throws {RangeError} If a level is named `"normal"`, or by digits only.
 * @throws {TypeError} If a level is not an object, or a threshold is not a number.
 * @since 0.1.0
 */
export function levels<Name extends string>(
  thresholds: Readonly<Record<Name, LevelThresholds>>,
  options: LevelsOptions = {},
): (info: MemInfo) => Name | "normal" {
  const steps = checkThresholds(thresholds);
  const { sustain = 1 } = options;
  if (!(Number.isInteger(sustain) && sustain > 0)) {
    throw new RangeError(`'sustain' must be a whole number above 0: current value is ${sustain}`);
  }
  /** Index into `steps`; -1: normal. */
  let current = -1;
  /** For each step, the number of consecutive samples above its exit. */
  const calm = steps.map(() => 0);

  return (info) => {
    const headroom = info.headroom();
    if (headroom !== undefined) {
      for (const [i, { exit }] of steps.entries()) {
        calm[i] = headroom > inBytes(exit, info) ? calm[i]! + 1 : 0;
      }
      const entered = steps.findLastIndex(({ enter }) => headroom < inBytes(enter, info));
      const kept = calm.findLastIndex((samples, i) => i <= current && samples < sustain);
      current = Math.max(entered, kept);
    }
    return steps[current]?.name ?? "normal";
  };
}

interface Step<Name> extends LevelThresholds {
  name: Name;
}

function checkThresholds<Name extends string>(
  thresholds: Readonly<Record<Name, LevelThresholds>>,
): Step<Name>[] {
  checkObject("levels", thresholds);
  const steps: Step<Name>[] = [];
  for (const name of Object.keys(thresholds) as Name[]) {
    checkName(name);
    checkObject(name, thresholds[name]);
    const { enter, exit } = thresholds[name];
    checkThreshold(`${name}.enter`, enter);
    checkThreshold(`${name}.exit`, exit);
    if ((enter <= 1) !== (exit <= 1)) {
      throw new RangeError(
        `'${name}' must give both thresholds as bytes or both as fractions: current value is ${enter}, ${exit}`,
      );
    }
    if (exit < enter) {
      throw new RangeError(
        `'${name}.exit' must be at least enter, ${enter}: current value is ${exit}`,
      );
    }
    const milder = steps.at(-1);
    if (milder !== undefined && (milder.enter <= 1) !== (enter <= 1)) {
      throw new RangeError(
        `'${name}.enter' must be ${
          milder.enter <= 1 ? "a fraction (at most 1)" : "bytes (above 1)"
        }, as that of ${milder.name}, ${milder.enter}, is: current value is ${enter}`,
      );
    }
    if (milder !== undefined && enter >= milder.enter) {
      throw new RangeError(
        `'${name}.enter' must be below that of ${milder.name}, ${milder.enter}: current value is ${enter}`,
      );
    }
    steps.push({ name, enter, exit });
  }
  if (steps.length === 0) {
    throw new RangeError("'levels' must have at least one level: current value is none");
  }
  return steps;
}

function checkName(name: string): void {
  if (name === "normal") {
    throw new RangeError(
      `the name of a level must not be "normal", which means that no level is entered: current value is "normal"`,
    );
  }
  // JavaScript puts such properties first, in ascending order.
  if (/^\d+$/.test(name)) {
    throw new RangeError(
      `the name of a level must not be an integer, because objects do not keep the order of such names: current value is "${name}"`,
    );
  }
}

function checkThreshold(name: string, value: unknown): void {
  checkNumber(
    name,
    value,
    "bytes or a fraction of the limit",
    "above 0 and finite",
    (value) => value > 0 && value < Infinity,
  );
}

/**
 * A threshold in bytes. A fraction of an unknown whole is NaN, so that it is
 * neither entered nor left.
 */
export function inBytes(threshold: number, { cgroupLimit, systemTotal }: MemInfo): number {
  if (threshold > 1) return threshold;
  const limited = cgroupLimit !== undefined && cgroupLimit !== Infinity;
  return threshold * ((limited ? cgroupLimit : systemTotal) ?? NaN);
}
