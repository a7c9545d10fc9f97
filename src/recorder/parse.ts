// The bytes of a record file, made into runs.

import { headroomOf } from "../headroom.ts";
import { decodeHeader, type Header, looksLikeHeader, MAGIC_END, type PastEnd } from "./header.ts";
import {
  type Block,
  blockOf,
  HEADER_SIZE,
  isSealed,
  KIND,
  NUMBER,
  readText,
  SLOT_SIZE,
  SLOTS_AT,
  VALUES,
  WORD,
} from "./layout.ts";
import type { RecordedEvent, RecordedSample } from "./run.ts";

/** What was recorded of one run. */
export interface RunRecords {
  readonly run: number;
  readonly samples: RecordedSample[];
  readonly events: RecordedEvent[];
  /** Whether each event came after the last sample. */
  trailing: RecordedEvent[];
  /** When the last record was written, in milliseconds since the epoch. */
  lastAt: number;
}

/** A file, parsed. */
export interface ParsedFile {
  /** The latest first; at least one. */
  readonly headers: readonly Header[];
  /** The ends of runs before the latest. */
  readonly past: readonly PastEnd[];
  /** By run, in order. */
  readonly runs: readonly RunRecords[];
  /** The number of the latest record; 0: there is none. */
  readonly sequence: number;
  readonly damaged: number;
}

/**
 * Parses a file.
 *
 * @returns `undefined` if it has no complete header: nothing was recorded, or it is another file.
 */
export function parseFile(bytes: Uint8Array): ParsedFile | undefined {
  const headers = [0, HEADER_SIZE]
    .filter((at) => at + HEADER_SIZE <= bytes.length)
    .map((at) => decodeHeader(aligned(bytes, at, HEADER_SIZE)))
    .filter((header) => header !== undefined)
    .sort((a, b) => b.run - a.run);
  const [latest] = headers;
  if (latest === undefined) return undefined;
  const { blocks, damaged } = readSlots(bytes);
  const runs = new Map<number, RunRecords>();
  for (const header of headers.toReversed()) runs.set(header.run, emptyRun(header));
  for (const block of blocks) {
    const run = block.words[WORD.run]!;
    // Of a start that another one has overtaken.
    if (run > latest.run) continue;
    let records = runs.get(run);
    if (records === undefined) runs.set(run, records = emptyRun({ run }));
    add(block, records);
  }
  return {
    headers,
    past: latest.info.past,
    runs: [...runs.values()].sort((a, b) => a.run - b.run),
    sequence: blocks.at(-1)?.numbers[NUMBER.sequence] ?? 0,
    damaged,
  };
}

/**
 * Whether a file that has no complete header may be overwritten: it is empty, or
 * a start of the recorder was cut short.
 */
export function isUnused(bytes: Uint8Array): boolean {
  const headers = [0, HEADER_SIZE].filter((at) => at + HEADER_SIZE <= bytes.length);
  if (headers.some((at) => looksLikeHeader(aligned(bytes, at, HEADER_SIZE)))) return true;
  // A write of a header may have stopped before the end of its magic.
  const isStart = (i: number) =>
    bytes.length >= SLOTS_AT && i < SLOTS_AT && i % HEADER_SIZE < MAGIC_END;
  return bytes.every((byte, i) => byte === 0 || isStart(i));
}

function readSlots(bytes: Uint8Array): { blocks: Block[]; damaged: number } {
  const blocks: Block[] = [];
  let damaged = 0;
  for (let at = SLOTS_AT; at + SLOT_SIZE <= bytes.length; at += SLOT_SIZE) {
    const block = blockOf(aligned(bytes, at, SLOT_SIZE));
    if (isSealed(block)) blocks.push(block);
    else if (block.bytes.some((byte) => byte !== 0)) damaged++;
  }
  blocks.sort((a, b) => a.numbers[NUMBER.sequence]! - b.numbers[NUMBER.sequence]!);
  return { blocks, damaged };
}

function emptyRun({ run, info }: Pick<Header, "run"> & Partial<Header>): RunRecords {
  return { run, samples: [], events: [], trailing: [], lastAt: info?.startedAt ?? 0 };
}

/**
 * Milliseconds. After an error that nobody catches, Bun still runs the timers that
 * are due, so a sample may follow it before the exit.
 */
const SAME_TURN = 100;

function add(block: Block, records: RunRecords): void {
  const { words, numbers } = block;
  const at = numbers[NUMBER.at]!;
  records.lastAt = at;
  if (words[WORD.kind] === KIND.sample) {
    records.samples.push(sampleOf(at, numbers));
    records.trailing = records.trailing.filter((event) =>
      event.kind === "exception" && at - event.at < SAME_TURN
    );
    return;
  }
  const kind = EVENT_KINDS.get(words[WORD.kind]!);
  // Of a later version of this module.
  if (kind === undefined) return;
  const code = numbers[NUMBER.values]!;
  const event: RecordedEvent = {
    at,
    kind,
    text: readText(block),
    ...(kind === "exit" && !Number.isNaN(code) && { code }),
  };
  records.events.push(event);
  records.trailing.push(event);
}

const EVENT_KINDS = new Map<number, RecordedEvent["kind"]>([
  [KIND.level, "level"],
  [KIND.note, "note"],
  [KIND.exception, "exception"],
  [KIND.exit, "exit"],
  [KIND.stop, "stop"],
]);

function sampleOf(at: number, numbers: Float64Array): RecordedSample {
  const values = Object.fromEntries(VALUES.map((name, i) => {
    const value = numbers[NUMBER.values + i]!;
    return [name, Number.isNaN(value) ? undefined : value];
  })) as Omit<RecordedSample, "at" | "headroom">;
  return { at, ...values, headroom: headroomOf(values) };
}

/** A part of the bytes that begins at a multiple of 8 in its buffer. */
function aligned(bytes: Uint8Array, at: number, length: number): Uint8Array {
  const part = bytes.subarray(at, at + length);
  return part.byteOffset % 8 === 0 ? part : part.slice();
}
