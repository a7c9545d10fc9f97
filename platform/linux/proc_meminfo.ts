// /proc/meminfo, and /proc/self/status, which has the same form.

import { digitsEnd, key, MAX_BYTES, nextLine, readDigits, startsWith } from "./digits.ts";

const SPACE = 0x20;
const TAB = 0x09;
const MINUS = 0x2d;
const KB = key(" kB");

const MEM_TOTAL = key("MemTotal:");
const MEM_FREE = key("MemFree:");
const MEM_AVAILABLE = key("MemAvailable:");
const BUFFERS = key("Buffers:");
const CACHED = key("Cached:");
const SHMEM = key("Shmem:");
const VM_RSS = key("VmRSS:");

/** What is wanted of /proc/meminfo, in bytes. Reused from sample to sample. */
export interface Meminfo {
  total: number | undefined;
  available: number | undefined;
}

/** MemTotal as it was last: kept, because a large number is an object to V8. */
let totalKib = 0;
let totalBytes: number | undefined;

/** Parses /proc/meminfo into `out`. */
export function parseMeminfo(data: Uint8Array, length: number, out: Meminfo): void {
  let found = false;
  let total = NaN;
  let available = NaN;
  // MemTotal stands first and MemAvailable third in every kernel that has it.
  for (let at = 0; at < length && !(found && total > 0);) {
    if (startsWith(data, at, length, MEM_TOTAL)) {
      total = readKib(data, at + MEM_TOTAL.length, length);
    } else if (startsWith(data, at, length, MEM_AVAILABLE)) {
      found = true;
      available = readKib(data, at + MEM_AVAILABLE.length, length);
    }
    at = nextLine(data, at, length);
  }
  if (!found) available = estimateAvailable(data, length);
  if (total !== totalKib) {
    totalKib = total;
    // A total of 0 is a malformed line.
    totalBytes = total > 0 ? total * 1024 : undefined;
  }
  out.total = totalBytes;
  out.available = toBytes(clamp(available, total));
}

/** Makes `out` say that nothing is known. */
export function clearMeminfo(out: Meminfo): void {
  out.total = undefined;
  out.available = undefined;
}

/** VmRSS of /proc/self/status in bytes. */
export function parseVmRss(data: Uint8Array, length: number): number | undefined {
  return toBytes(lineValue(data, length, VM_RSS));
}

/**
 * Before Linux 3.14 there is no MemAvailable. free(1) then counted free
 * memory, buffers and cache as available; shared memory is in the cache and
 * cannot be dropped.
 */
function estimateAvailable(data: Uint8Array, length: number): number {
  const buffers = lineValue(data, length, BUFFERS) || 0;
  const shared = lineValue(data, length, SHMEM) || 0;
  const free = lineValue(data, length, MEM_FREE);
  const cached = lineValue(data, length, CACHED);
  return Math.max(0, free + buffers + cached - shared);
}

function lineValue(data: Uint8Array, length: number, name: Uint8Array): number {
  for (let at = 0; at < length; at = nextLine(data, at, length)) {
    if (startsWith(data, at, length, name)) return readKib(data, at + name.length, length);
  }
  return NaN;
}

/** `   1234 kB` as KiB, else NaN; the unit must be there, or the line was cut short. */
function readKib(data: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (data[at] === SPACE || data[at] === TAB)) at++;
  const negative = data[at] === MINUS;
  if (negative) at++;
  const behind = digitsEnd(data, at, end);
  const kib = readDigits(data, at, behind);
  if (!(kib * 1024 <= MAX_BYTES) || !startsWith(data, behind, end, KB)) return NaN;
  return negative ? -kib : kib;
}

function toBytes(kib: number): number | undefined {
  return Number.isNaN(kib) ? undefined : kib * 1024;
}

/** Some kernels report a negative figure, some one above the total. */
function clamp(available: number, total: number): number {
  if (available < 0) return 0;
  return available > total && total > 0 ? total : available;
}
