// What `watch --json` writes, read again.

import { show } from "../check.ts";
import { UsageError } from "./usage_error.ts";

/** The figures of one line that can be drawn; `undefined`: not in it. */
export interface Recorded {
  at: number;
  headroom: number | undefined;
  processRss: number | undefined;
  cgroupCurrent: number | undefined;
  cgroupLimit: number | undefined;
}

/** What a recording holds. */
export interface Recording {
  /** In order of time. */
  recorded: Recorded[];
  /** The line that its writer did not end, and that is not among them. */
  cutOff: string | undefined;
}

/** The range of times that JavaScript's `Date` has, in milliseconds. */
const LATEST = 8.64e15;
/** More bytes than any kernel counts. */
const MOST = 2 ** 64;

/**
 * Reads JSON lines; empty ones are skipped. So is the last one if it is the
 * beginning of an object and no line break ends it: whatever wrote it was
 * killed.
 */
export function parseRecording(text: string, name: string): Recording {
  const lines = text.replace(/^\uFEFF/, "").split("\n");
  const last = lines.length - 1;
  const cut = isCutOff(lines[last]!);
  const recorded: Recorded[] = [];
  for (const [i, line] of lines.entries()) {
    if (line.trim() === "" || (cut && i === last)) continue;
    recorded.push(parseLine(line, `${name}, line ${i + 1}`));
  }
  if (recorded.length < 2) {
    throw new UsageError(
      `${name} must hold at least 2 lines of "memctl watch --json": current value is ${recorded.length}`,
    );
  }
  recorded.sort((a, b) => a.at - b.at);
  return { recorded, cutOff: cut ? `${name}, line ${last + 1}` : undefined };
}

/** Whether a line that no line break ends is the beginning of an object. */
function isCutOff(line: string): boolean {
  return line.startsWith("{") && parseJson(line) === undefined;
}

/** `undefined`: not JSON, which has no such value. */
function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function parseLine(line: string, where: string): Recorded {
  const json = parseJson(line);
  if (json === undefined) {
    throw new UsageError(`${where} must be JSON: current value is ${shortened(line)}`);
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new UsageError(`${where} must be an object: current value is ${shortened(line)}`);
  }
  const fields = json as Record<string, unknown>;
  const number = (name: string, least: number, most: number): number | undefined => {
    const value = fields[name];
    // No limit is null.
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "number") {
      throw new UsageError(`${where}: ${name} must be a number: current value is ${show(value)}`);
    }
    if (value >= least && value <= most) return value;
    throw new UsageError(
      `${where}: ${name} must be from ${least} to ${most}: current value is ${value}`,
    );
  };
  const bytes = (name: string) => number(name, 0, MOST);
  const at = number("at", -LATEST, LATEST);
  if (at === undefined) {
    throw new UsageError(`${where} must have a time, "at": current value is ${shortened(line)}`);
  }
  return {
    at,
    headroom: bytes("headroom"),
    processRss: bytes("processRss"),
    cgroupCurrent: bytes("cgroupCurrent"),
    cgroupLimit: bytes("cgroupLimit"),
  };
}

function shortened(line: string): string {
  return JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line);
}
