// The bytes of a record file: two headers, then slots of equal size. Each has a
// checksum of its own, so that a torn write loses nothing but itself.

import { MiB } from "../bytes.ts";

/** Bytes of a header. There are two, written alternately. */
export const HEADER_SIZE = 4096;
/** Where the slots begin. */
export const SLOTS_AT: number = 2 * HEADER_SIZE;
/** Bytes of a slot. It divides a page of memory, so that no slot lies in two. */
export const SLOT_SIZE = 256;
/** Bytes of the largest file. The start reads all of it. */
export const MAX_FILE_SIZE: number = 64 * MiB;

/** What a slot holds. */
export const KIND = {
  unused: 0,
  sample: 1,
  level: 2,
  note: 3,
  exception: 4,
  exit: 5,
  stop: 6,
} as const;

/** Where what is, in words of 4 bytes. */
export const WORD = { checksum: 0, kind: 1, run: 2, textLength: 3 } as const;
/** Where what is, in numbers of 8 bytes. */
export const NUMBER = { sequence: 2, at: 3, values: 4 } as const;
/** Where text begins, in bytes: behind four values. */
export const TEXT_AT: number = (NUMBER.values + 4) * 8;
/** Most bytes of a text. */
export const TEXT_SIZE: number = SLOT_SIZE - TEXT_AT;

/** The values of a sample, in this order; NaN: unavailable. */
export const VALUES = [
  "processRss",
  "runtimeTotal",
  "heapUsed",
  "heapLimit",
  "systemAvailable",
  "systemTotal",
  "cgroupCurrent",
  "cgroupLimit",
  "cgroupWorkingSet",
  "high",
  "max",
  "oom",
  "oomKill",
  "rejected",
  "inFlight",
  "forced",
  "freed",
] as const;

/** One view of the same bytes for each type. */
export interface Block {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly numbers: Float64Array;
}

/** Makes views of some bytes, which begin at a multiple of 8. */
export function blockOf(bytes: Uint8Array): Block {
  const { buffer, byteOffset, length } = bytes;
  return {
    bytes,
    words: new Uint32Array(buffer, byteOffset, length / 4),
    numbers: new Float64Array(buffer, byteOffset, length / 8),
  };
}

/** Writes the checksum of all words behind the first into the first. */
export function seal({ words }: Block): void {
  words[WORD.checksum] = checksum(words);
}

/** Whether the first word is the checksum of the others. */
export function isSealed({ words }: Block): boolean {
  return words[WORD.checksum] === checksum(words);
}

/**
 * Mixes every bit of each word into every bit of the sum, and its place too. Of
 * zeros alone it is not zero, so that an unused slot is not a sealed one.
 */
function checksum(words: Uint32Array): number {
  let sum = 0x6d656d63;
  for (let i = 1; i < words.length; i++) {
    sum = Math.imul(sum ^ words[i]!, 0x9e3779b1);
    sum ^= sum >>> 15;
    sum = Math.imul(sum, 0x85ebca77);
    sum = (sum << 13) | (sum >>> 19);
  }
  return sum >>> 0;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Writes as much of a text as fits, and clears the rest of the slot. */
export function writeText({ bytes, words }: Block, text: string): void {
  const space = bytes.subarray(TEXT_AT, SLOT_SIZE);
  const { written } = encoder.encodeInto(text, space);
  space.fill(0, written);
  words[WORD.textLength] = written;
}

/** The text of a slot. */
export function readText({ bytes, words }: Block): string {
  const length = Math.min(words[WORD.textLength]!, TEXT_SIZE);
  return decoder.decode(bytes.subarray(TEXT_AT, TEXT_AT + length));
}
