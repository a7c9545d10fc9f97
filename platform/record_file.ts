// The file of the flight recorder: positioned reads and writes, and a size that
// is made up of real zeros, so that no later write needs space on the disk.

import fs from "node:fs";
import { KiB } from "../src/bytes.ts";
import { MAX_FILE_SIZE } from "../src/recorder/layout.ts";
import type { RecordFile } from "../src/recorder/record_file.ts";
import { messageOf } from "../src/thrown.ts";
import { requirePermission } from "./deno.ts";
import { errorCode } from "./file_io.ts";
import { WholeBuffer } from "./kernel_file.ts";

/** Bytes written at a time while a file gets its size. */
const CHUNK_SIZE = 64 * KiB;

/**
 * Opens a file for recording, or makes it, for its owner only.
 *
 * @throws {Error} If that is impossible, or Deno's sandbox forbids it. It never prompts.
 */
export function openRecordFile(path: string): RecordFile {
  requirePermission("read", path);
  requirePermission("write", path);
  const { fd, made } = open(path);
  try {
    checkRegular(fs.fstatSync(fd));
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
  return new OpenRecordFile(path, fd, made);
}

/** All bytes of a record file. Throws as {@linkcode openRecordFile} does. */
export function readRecordFile(path: string): Uint8Array {
  requirePermission("read", path);
  checkRegular(fs.statSync(path));
  return fs.readFileSync(path);
}

/** Throws unless it can be a record: a device or a huge file would be read without end. */
function checkRegular(stats: fs.Stats): void {
  if (!stats.isFile()) throw new Error("it is not a regular file");
  if (stats.size > MAX_FILE_SIZE) {
    throw new Error(`it has ${stats.size} bytes, more than any record: ${MAX_FILE_SIZE}`);
  }
}

/** A buffer that Deno writes without making a view of it each time. */
export function newBuffer(size: number): Uint8Array {
  return new WholeBuffer(size);
}

function open(path: string): { fd: number; made: boolean } {
  try {
    return { fd: fs.openSync(path, "r+"), made: false };
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    return { fd: fs.openSync(path, "wx+", 0o600), made: true };
  }
}

class OpenRecordFile implements RecordFile {
  readonly #path: string;
  readonly #made: boolean;
  #fd: number | undefined;

  constructor(path: string, fd: number, made: boolean) {
    this.#path = path;
    this.#fd = fd;
    this.#made = made;
  }

  readAll(): Uint8Array {
    const bytes = new Uint8Array(fs.fstatSync(this.#open).size);
    let length = 0;
    while (length < bytes.length) {
      const read = fs.readSync(this.#open, bytes, length, bytes.length - length, length);
      if (read === 0) break;
      length += read;
    }
    return bytes.subarray(0, length);
  }

  resize(size: number): void {
    const before = fs.fstatSync(this.#open).size;
    if (before > size) fs.ftruncateSync(this.#open, size);
    if (before >= size) return;
    const zeros = new Uint8Array(CHUNK_SIZE);
    try {
      for (let at = before; at < size;) {
        const length = Math.min(zeros.length, size - at);
        const written = fs.writeSync(this.#open, zeros, 0, length, at);
        if (written === 0) throw new Error("the disk takes no more bytes");
        at += written;
      }
    } catch (cause) {
      fs.ftruncateSync(this.#open, before);
      const reason = messageOf(cause);
      throw new Error(`the disk has no room for a file of ${size} bytes: ${reason}`, { cause });
    }
  }

  read(into: Uint8Array, at: number): void {
    const length = fs.readSync(this.#open, into, 0, into.length, at);
    if (length < into.length) throw new Error(`${this.#path} has become shorter`);
  }

  write(bytes: Uint8Array, at: number): void {
    const length = fs.writeSync(this.#open, bytes, 0, bytes.length, at);
    if (length < bytes.length) {
      throw new Error(`${this.#path} took ${length} of ${bytes.length} bytes`);
    }
  }

  close(): void {
    if (this.#fd === undefined) return;
    const fd = this.#fd;
    this.#fd = undefined;
    fs.closeSync(fd);
  }

  discard(): void {
    this.close();
    if (this.#made) fs.rmSync(this.#path, { force: true });
  }

  get #open(): number {
    if (this.#fd === undefined) throw new Error(`${this.#path} is closed`);
    return this.#fd;
  }
}
