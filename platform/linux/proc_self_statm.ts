// /proc/self/statm: sizes of this process in pages.

import { digitsEnd, MAX_BYTES, readDigits } from "./digits.ts";

const SPACE = 0x20;

/** Resident pages, the second number; a third must follow, or it was cut short. */
export function parseStatmResident(data: Uint8Array, length: number): number | undefined {
  if (!(readDigits(data, 0, length) >= 0) || data[digitsEnd] !== SPACE) return undefined;
  const pages = readDigits(data, digitsEnd + 1, length);
  if (digitsEnd >= length || data[digitsEnd] !== SPACE) return undefined;
  // No process that reads its own resident set has none.
  return pages > 0 && pages <= MAX_BYTES / 65_536 ? pages : undefined;
}
