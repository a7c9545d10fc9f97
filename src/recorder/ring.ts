// Writes records into the slots of a file, the oldest slot first.

import {
  type Block,
  blockOf,
  HEADER_SIZE,
  KIND,
  NUMBER,
  seal,
  SLOT_SIZE,
  SLOTS_AT,
  WORD,
  writeText,
} from "./layout.ts";
import { headerAt, isLatest, OWNER_SIZE } from "./header.ts";
import type { RecordFile } from "./record_file.ts";

/** How often it is checked that the file still belongs to this run, in milliseconds. */
const OWNER_PERIOD = 1_000;

/** Another recorder writes to the file. */
export class ReplacedError extends Error {
  override readonly name = "ReplacedError";
}

/** The writing end of a record file. */
export class Ring {
  readonly #file: RecordFile;
  readonly #slots: number;
  readonly #run: number;
  readonly #token: number;
  readonly #block: Block;
  readonly #own: Block;
  readonly #other: Block;
  #sequence: number;
  #checkedAt = -Infinity;

  /**
   * Makes one behind the header of its run, which is written.
   *
   * @param sequence The number of the latest record in the file.
   */
  constructor(
    file: RecordFile,
    { size, run, token, sequence }: { size: number; run: number; token: number; sequence: number },
    newBuffer: (size: number) => Uint8Array,
  ) {
    this.#file = file;
    this.#slots = (size - SLOTS_AT) / SLOT_SIZE;
    this.#run = run;
    this.#token = token;
    this.#sequence = sequence;
    this.#block = blockOf(newBuffer(SLOT_SIZE));
    this.#own = blockOf(newBuffer(OWNER_SIZE));
    this.#other = blockOf(newBuffer(OWNER_SIZE));
  }

  /**
   * Writes a sample.
   *
   * @param values In the order of `VALUES`.
   * @throws {Error} If it cannot be written.
   */
  writeSample(at: number, values: Float64Array): void {
    const { numbers, words } = this.#block;
    numbers.set(values, NUMBER.values);
    numbers.fill(0, NUMBER.values + values.length);
    words[WORD.textLength] = 0;
    this.#write(KIND.sample, at);
  }

  /**
   * Writes an event; a text that is too long is cut off.
   *
   * @param code The exit code.
   * @throws {Error} If it cannot be written.
   */
  writeEvent(
    kind: Exclude<keyof typeof KIND, "sample" | "unused">,
    text: string,
    code: number = NaN,
  ): void {
    this.#block.numbers.fill(0, NUMBER.values);
    writeText(this.#block, text);
    this.#block.numbers[NUMBER.values] = code;
    this.#write(KIND[kind], Date.now());
  }

  #write(kind: number, at: number): void {
    this.#checkOwner(at);
    const { words, numbers, bytes } = this.#block;
    const sequence = this.#sequence + 1;
    words[WORD.kind] = kind;
    words[WORD.run] = this.#run;
    numbers[NUMBER.sequence] = sequence;
    numbers[NUMBER.at] = at;
    seal(this.#block);
    // After a failure the same slot is tried again.
    this.#file.write(bytes, SLOTS_AT + (sequence % this.#slots) * SLOT_SIZE);
    this.#sequence = sequence;
  }

  #checkOwner(at: number): void {
    const age = at - this.#checkedAt;
    if (age >= 0 && age < OWNER_PERIOD) return;
    const own = headerAt(this.#run);
    this.#file.read(this.#own.bytes, own);
    this.#file.read(this.#other.bytes, HEADER_SIZE - own);
    if (!isLatest(this.#own.words, this.#other.words, this.#run, this.#token)) {
      throw new ReplacedError("another recorder has started to write to the file");
    }
    this.#checkedAt = at;
  }
}
