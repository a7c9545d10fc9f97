// Numbers out of kernel files, byte by byte: no string is made per sample.

const ZERO = 0x30;
export const NINE = 0x39;

/** 2^53 and all above it is not a size, and not exact. */
export const MAX_BYTES: number = Number.MAX_SAFE_INTEGER;

/** The index behind the digits that begin at `start`; `start` itself if there is none. */
export function digitsEnd(data: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && isDigit(data[i]!)) i++;
  return i;
}

/**
 * The decimal number of the digits from `start` to `end`, or NaN if there are
 * none or more than 20 (2^64 has 20): a result that is always a number costs V8
 * no object.
 *
 * @param end What {@linkcode digitsEnd} returned for `start`.
 */
export function readDigits(data: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) value = value * 10 + (data[i]! - ZERO);
  return end === start || end - start > 20 ? NaN : value;
}

/** Whether it is the code of 0 to 9. */
export function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

/** Whether `key` stands at `start`. */
export function startsWith(data: Uint8Array, start: number, end: number, key: Uint8Array): boolean {
  if (start + key.length > end) return false;
  for (let i = 0; i < key.length; i++) {
    if (data[start + i] !== key[i]) return false;
  }
  return true;
}

/** The index behind the line that `start` is in. */
export function nextLine(data: Uint8Array, start: number, end: number): number {
  const newline = data.indexOf(0x0a, start);
  return newline === -1 || newline >= end ? end : newline + 1;
}

/** A key as the bytes that it is looked up by. */
export function key(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
