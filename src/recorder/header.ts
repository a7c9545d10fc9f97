// A header: which run the file is of, and how the runs before it ended.

import type { RunEnd } from "./run.ts";
import { blockOf, HEADER_SIZE, isSealed, seal } from "./layout.ts";

/** A process, so that it can be found again. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in ticks of the kernel since boot. */
  readonly startTicks?: number | undefined;
  /** The boot of the host that it belongs to. */
  readonly bootId?: string | undefined;
  /** The namespace that its number is of. */
  readonly pidNamespace?: string | undefined;
}

/** A cgroup, so that it can be found again. */
export interface CgroupIdentity {
  readonly folder: string;
  /** The number of the folder in its file system, which another cgroup of that name does not have. */
  readonly id: string;
}

/** The end of an earlier run. */
export interface PastEnd {
  readonly run: number;
  readonly startedAt: number;
  readonly end: RunEnd;
}

/** What a header says of its run. */
export interface RunInfo {
  readonly process: ProcessIdentity;
  readonly runtime: { readonly name: string; readonly version: string };
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Milliseconds between two samples; `null`: the program takes them itself. */
  readonly interval: number | null;
  /** Bytes of heap at which the engine gives up; absent: unknown, or there is no such limit. */
  readonly heapCeiling?: number | undefined;
  readonly cgroup?: CgroupIdentity | undefined;
  /** The ends of the runs before, the latest first. */
  readonly past: readonly PastEnd[];
}

/** A header that was read. */
export interface Header {
  readonly run: number;
  readonly token: number;
  readonly info: RunInfo;
}

const WORDS = { magic: 1, version: 3, run: 4, token: 5, length: 6 } as const;
/** "memctl" and the kind of file, as words: on a machine of another byte order they differ. */
const MAGIC = [0x636d656d, 0x4b4c4674] as const;
/** Bytes up to the end of the magic. */
export const MAGIC_END = 12;
const VERSION = 1;
const JSON_AT = 32;
/** Bytes at the start of a header that say whose it is. */
export const OWNER_SIZE: number = JSON_AT;
const MOST_PAST = 16;

/** Where the header of a run is: the run before keeps its own. */
export function headerAt(run: number): number {
  return (run % 2) * HEADER_SIZE;
}

/**
 * Writes a header, with as many of the ends as fit.
 *
 * @throws {Error} If even without them it does not fit.
 */
export function encodeHeader({ run, token, info }: Header): Uint8Array {
  const encoder = new TextEncoder();
  let past = info.past.slice(0, MOST_PAST);
  let json = encoder.encode(JSON.stringify({ ...info, past }));
  while (json.length > HEADER_SIZE - JSON_AT && past.length > 0) {
    past = past.slice(0, -1);
    json = encoder.encode(JSON.stringify({ ...info, past }));
  }
  if (json.length > HEADER_SIZE - JSON_AT) {
    throw new Error(
      `the description of the run takes ${json.length} bytes, more than a header has`,
    );
  }
  const block = blockOf(new Uint8Array(HEADER_SIZE));
  const { words } = block;
  words.set(MAGIC, WORDS.magic);
  words[WORDS.version] = VERSION;
  words[WORDS.run] = run;
  words[WORDS.token] = token;
  words[WORDS.length] = json.length;
  block.bytes.set(json, JSON_AT);
  seal(block);
  return block.bytes;
}

/** Reads a header; `undefined` if it is none, or not complete. */
export function decodeHeader(bytes: Uint8Array): Header | undefined {
  const block = blockOf(bytes);
  const { words } = block;
  if (!hasMagic(words) || words[WORDS.version] !== VERSION || !isSealed(block)) return undefined;
  const json = bytes.subarray(JSON_AT, JSON_AT + words[WORDS.length]!);
  const info: RunInfo = JSON.parse(new TextDecoder().decode(json));
  return { run: words[WORDS.run]!, token: words[WORDS.token]!, info };
}

/** Whether these are the first bytes of a header, complete or not. */
export function looksLikeHeader(bytes: Uint8Array): boolean {
  return hasMagic(blockOf(bytes).words);
}

/** Whether the first bytes of the two headers still name this run as the latest one. */
export function isLatest(
  own: Uint32Array,
  other: Uint32Array,
  run: number,
  token: number,
): boolean {
  if (hasMagic(other) && other[WORDS.run]! > run) return false;
  return own[WORDS.run] === run && own[WORDS.token] === token;
}

function hasMagic(words: Uint32Array): boolean {
  return words[WORDS.magic] === MAGIC[0] && words[WORDS.magic + 1] === MAGIC[1];
}
