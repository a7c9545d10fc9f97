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

/** Reads JSON lines; empty ones are skipped. */
export function parseRecording(text: string, name: string): Recorded[] {
  const recorded: Recorded[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    if (line.trim() !== "") recorded.push(parseLine(line, `${name}, line ${i + 1}`));
  }
  if (recorded.length < 2) {
    throw new UsageError(
      `${name} must hold at least 2 lines of "memctl watch --json": current value is ${recorded.length}`,
    );
  }
  return recorded.sort((a, b) => a.at - b.at);
}

function parseLine(line: string, where: string): Recorded {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw new UsageError(`${where} must be JSON: current value is ${shortened(line)}`);
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new UsageError(`${where} must be an object: current value is ${shortened(line)}`);
  }
  const fields = json as Record<string, unknown>;
  const number = (name: string): number | undefined => {
    const value = fields[name];
    // No limit is null.
    if (value === undefined || value === null) return undefined;
    if (typeof value === "number") return value;
    throw new UsageError(`${where}: ${name} must be a number: current value is ${show(value)}`);
  };
  const at = number("at");
  if (at === undefined) {
    throw new UsageError(`${where} must have a time, "at": current value is ${shortened(line)}`);
  }
  return {
    at,
    headroom: number("headroom"),
    processRss: number("processRss"),
    cgroupCurrent: number("cgroupCurrent"),
    cgroupLimit: number("cgroupLimit"),
  };
}

function shortened(line: string): string {
  return JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line);
}
