// /proc/self/statm: sizes of this process in pages.

import { digitsEnd, MAX_BYTES, readDigits } from "./digits.ts";

const SPACE = 0x20;

/** Resident pages, the second number; a third must follow, or it was cut short. */
export function parseStatmResident(data: Uint8Array, length: number): number | undefined {
  const first = digitsEnd(data, 0, length);
  if (!(readDigits(data, 0, first) >= 0) || data[first] !== SPACE) return undefined;
  const behind = digitsEnd(data, first + 1, length);
  const pages = readDigits(data, first + 1, behind);
  if (behind >= length || data[behind] !== SPACE) return undefined;
  // No process that reads its own resident set has none.
  return pages > 0 && pages <= MAX_BYTES / 65_536 ? pages : undefined;
}
