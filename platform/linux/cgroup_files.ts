// The memory files of one group. Version 1 and 2 differ in names and in how
// they say "no limit", and in nothing else that is read here.

import type { Complain, Parse } from "../kernel_file.ts";
import {
  digitsEnd,
  isDigit,
  key,
  MAX_BYTES,
  nextLine,
  NINE,
  readDigits,
  startsWith,
} from "./digits.ts";

/** Version 1 writes "no limit" as a number near 2^63, by page size. */
const NO_LIMIT = 2 ** 62;
const GARBAGE = 2 ** 64;

const NEWLINE = 0x0a;
const SPACE = 0x20;
const HUGE_DIGITS = 19;
const MAX = key("max");

/** The names of the files, and of the lines of memory.stat. */
export interface CgroupNames {
  limit: string;
  usage: string;
  stat: string;
  /** Inactive page cache of the group and all below it. */
  inactiveFile: StatLine;
}

/** A line of memory.stat. */
export interface StatLine {
  /** The number on it in bytes. Made once, so that a sample makes no closure. */
  parse: Parse<number | undefined>;
  /** Says that there is no such line. */
  complain: Complain;
}

export const V1: CgroupNames = {
  limit: "memory.limit_in_bytes",
  usage: "memory.usage_in_bytes",
  stat: "memory.stat",
  inactiveFile: statLine("total_inactive_file"),
};

export const V2: CgroupNames = {
  limit: "memory.max",
  usage: "memory.current",
  stat: "memory.stat",
  inactiveFile: statLine("inactive_file"),
};

/** Version 2, the throttle limit: above it the kernel slows the group down. */
export const THROTTLE = "memory.high";

/** Version 1, whether a cgroup's limit applies to the cgroups below it. */
export const USE_HIERARCHY = "memory.use_hierarchy";

/** Version 1, a file that only the root of the hierarchy has. */
export const ROOT_ONLY = "cgroup.sane_behavior";

/** Version 1, the line of memory.stat with the least limit up to the root. */
export const HIERARCHICAL_LIMIT: StatLine = statLine(
  "hierarchical_memory_limit",
  (value) => limitOf(value ?? NaN),
);

/** A limit in bytes, `Infinity` for none, `undefined` if malformed. */
export function parseLimit(data: Uint8Array, length: number): number | undefined {
  if (startsWith(data, 0, length, MAX)) {
    return endsAt(data, MAX.length, length) ? Infinity : undefined;
  }
  if (isHuge(data, length)) return Infinity;
  const behind = digitsEnd(data, 0, length);
  return endsAt(data, behind, length) ? limitOf(readDigits(data, 0, behind)) : undefined;
}

/**
 * Whether it is a number of 19 digits that begins with a 9, as version 1 writes
 * "no limit". To V8 such a number would be an object.
 */
function isHuge(data: Uint8Array, length: number): boolean {
  if (data[0] !== NINE || !endsAt(data, HUGE_DIGITS, length)) return false;
  for (let i = 1; i < HUGE_DIGITS; i++) {
    if (!isDigit(data[i]!)) return false;
  }
  return true;
}

/** How many bytes of a malformed file are quoted. */
const QUOTED = 40;

/** Quotes a file that {@linkcode parseLimit} refuses. */
export const notALimit: Complain = (data, length) =>
  `${quote(data, length)} is neither a size nor the word for no limit`;

/** Quotes a file that {@linkcode parseUsage} refuses. */
export const notAUsage: Complain = (data, length) => `${quote(data, length)} is not a size`;

function quote(data: Uint8Array, length: number): string {
  const text = new TextDecoder().decode(data.subarray(0, Math.min(length, QUOTED)));
  return JSON.stringify(text.trim());
}

/** A usage in bytes, `undefined` if malformed. */
export function parseUsage(data: Uint8Array, length: number): number | undefined {
  const behind = digitsEnd(data, 0, length);
  const value = readDigits(data, 0, behind);
  return value <= MAX_BYTES && endsAt(data, behind, length) ? value : undefined;
}

/** The number on the line of memory.stat that `name` begins. */
export function parseStat(data: Uint8Array, length: number, name: Uint8Array): number | undefined {
  for (let at = 0; at < length; at = nextLine(data, at, length)) {
    const value = at + name.length;
    if (data[value] !== SPACE || !startsWith(data, at, length, name)) continue;
    const behind = digitsEnd(data, value + 1, length);
    const number = readDigits(data, value + 1, behind);
    // A line without its newline was cut short.
    return number >= 0 && behind < length && data[behind] === NEWLINE ? number : undefined;
  }
  return undefined;
}

/** @param convert Makes of the number what is wanted. */
function statLine(
  name: string,
  convert: (value: number | undefined) => number | undefined = (value) => value,
): StatLine {
  const bytes = key(name);
  return {
    parse: (data, length) => convert(parseStat(data, length, bytes)),
    complain: () => `it has no line ${name} with a number`,
  };
}

/** A number that a limit file or hierarchical_memory_limit gave; NaN: none. */
export function limitOf(value: number): number | undefined {
  if (value >= NO_LIMIT) return value < GARBAGE ? Infinity : undefined;
  return value >= 0 ? value : undefined;
}

/** Whether nothing but the closing newline follows. */
function endsAt(data: Uint8Array, at: number, length: number): boolean {
  return at === length || (at === length - 1 && data[at] === NEWLINE);
}
