// Numbers out of kernel files, byte by byte: no string is made per sample.

const ZERO = 0x30;
export const NINE = 0x39;

/** 2^53 and all above it is not a size, and not exact. */
export const MAX_BYTES: number = Number.MAX_SAFE_INTEGER;

/** Where the last {@linkcode readDigits} stopped. */
export let digitsEnd = 0;

/**
 * The decimal number at `start`, or NaN if there is no digit or there are more
 * than 20 (2^64 has 20): a result that is always a number costs V8 no object.
 * Sets {@linkcode digitsEnd}.
 */
export function readDigits(data: Uint8Array, start: number, end: number): number {
  let value = 0;
  let i = start;
  for (; i < end; i++) {
    const byte = data[i]!;
    if (!isDigit(byte)) break;
    value = value * 10 + (byte - ZERO);
  }
  digitsEnd = i;
  return i === start || i - start > 20 ? NaN : value;
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
