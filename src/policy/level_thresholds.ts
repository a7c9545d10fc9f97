import { checkObject } from "../check.ts";
import { type ParsedSize, parseSize, showSize, type Size } from "../size.ts";

/**
 * The headroom at which a level is entered and left: bytes, or a share such as
 * `"10%"`. A share is the part of the cgroup's limit that is left, or of host
 * memory if there is no limit. All thresholds of one set of levels must be bytes,
 * or all must be shares.
 *
 * @since 0.1.0
 */
export interface LevelThresholds {
  /** Headroom below which the level is entered at once. */
  enter: Size;
  /** Headroom above which the level is left, at least `enter`. */
  exit: Size;
}

/** Thresholds that were checked and parsed. */
export interface ParsedThresholds {
  readonly enter: ParsedSize;
  readonly exit: ParsedSize;
}

/** A level with its thresholds, checked and parsed. */
export interface ParsedLevel<Name extends string = string> extends ParsedThresholds {
  readonly name: Name;
}

/**
 * Reads each level once, and checks it.
 *
 * @param prefix Put before the names of levels in errors.
 * @returns The levels, the mildest first.
 * @throws {TypeError} If a level is not an object, or a threshold is not a size.
 * @throws {RangeError} If a name or a threshold cannot be used, or the levels do not descend.
 */
export function readLevels<Name extends string>(
  prefix: string,
  levels: Readonly<Record<Name, LevelThresholds>>,
): ParsedLevel<Name>[] {
  checkObject("levels", levels);
  const read: ParsedLevel<Name>[] = [];
  for (const name of Object.keys(levels) as Name[]) {
    checkName(name);
    const level = { name, ...readThresholds(prefix + name, levels[name]) };
    const milder = read.at(-1);
    if (milder !== undefined) checkBelow(prefix, level, milder);
    read.push(level);
  }
  if (read.length === 0) {
    throw new RangeError("'levels' must have at least one level: current value is none");
  }
  return read;
}

/** Reads the two thresholds of a level once, and checks them. */
export function readThresholds(name: string, thresholds: LevelThresholds): ParsedThresholds {
  checkObject(name, thresholds);
  const enter = parseSize(`${name}.enter`, thresholds.enter);
  const exit = parseSize(`${name}.exit`, thresholds.exit);
  if (enter.isShare !== exit.isShare) {
    throw new RangeError(
      `'${name}' must have both thresholds in bytes or both as shares: current value is ${
        showSize(enter)
      }, ${showSize(exit)}`,
    );
  }
  if (exit.value < enter.value) {
    throw new RangeError(
      `'${name}.exit' must be at least enter, ${showSize(enter)}: current value is ${
        showSize(exit)
      }`,
    );
  }
  return { enter, exit };
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

function checkBelow(
  prefix: string,
  { name, enter }: ParsedLevel,
  { name: milder, enter: above }: ParsedLevel,
): void {
  if (enter.isShare !== above.isShare) {
    throw new RangeError(
      `'${prefix}${name}.enter' must be ${
        above.isShare ? "a share" : "bytes"
      }, as that of ${milder}, ${showSize(above)}, is: current value is ${showSize(enter)}`,
    );
  }
  if (enter.value >= above.value) {
    throw new RangeError(
      `'${prefix}${name}.enter' must be below that of ${milder}, ${
        showSize(above)
      }: current value is ${showSize(enter)}`,
    );
  }
}
