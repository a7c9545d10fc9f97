import { describeError, errorCode } from "./file_io.ts";
import { isTransient, type OpenFiles } from "./open_files.ts";

/**
 * Deno's node:fs calls `subarray()` on the buffer in each readSync(), also if it
 * is to fill the whole. Such a view is an object of 104 bytes, 520 bytes per
 * sample of five files. Here the view of the whole buffer is the buffer itself.
 */
export class WholeBuffer extends Uint8Array {
  override subarray(start: number = 0, end: number = this.length): Uint8Array<ArrayBuffer> {
    if (start !== 0 || end !== this.length) return super.subarray(start, end);
    return this as Uint8Array<ArrayBuffer>;
  }
}

/** The kernel writes no longer file than this of those that are read here. */
const MAX_LENGTH = 4 * 1024 * 1024;

/** The buffer that every read fills. A longer file replaces it by a larger buffer. */
let bytes: Uint8Array = new WholeBuffer(16 * 1024);

/**
 * Makes a value of a file's bytes. It must not keep them, because the next read
 * overwrites them; those behind `length` are of earlier reads.
 */
export type Parse<T> = (data: Uint8Array, length: number) => T;

/** What is wrong with a content that could not be parsed. */
export type Complain = (data: Uint8Array, length: number) => string;

/**
 * A file whose content the kernel generates at each read: opened once, then read
 * from its start into the one buffer of all such files.
 */
export class KernelFile {
  readonly path: string;
  /** Why the last open or read failed, or why nothing could be made of the content. */
  problem: string | undefined;
  /** Whether there was no such file at the last attempt to open it. */
  missing = false;
  /** Whether the file was there once and is not any more. */
  gone = false;
  /** Whether only a shortage, of descriptors or memory, keeps it from being read. */
  waiting = false;
  readonly #files: OpenFiles;
  #fd: number | undefined;
  /** Whether the next read may open the file. */
  #reopens = false;
  /** Whether it was open before. */
  #seen = false;

  constructor(path: string, files: OpenFiles) {
    this.path = path;
    this.#files = files;
    if (this.#open()) this.#settle();
  }

  /** Whether it is open, or the next read tries to open it. */
  get usable(): boolean {
    return this.#fd !== undefined || this.#reopens;
  }

  /**
   * Reads the file: what `parse` makes of it. `undefined` on failure, and if
   * `parse` returned that; {@linkcode KernelFile.problem} then says why.
   *
   * @param complain Called only then, before the bytes are overwritten.
   */
  read<T>(parse: Parse<T>, complain?: Complain): T | undefined {
    const length = this.#fill();
    if (length < 0) return undefined;
    const value = parse(bytes, length);
    if (value === undefined) {
      const details = complain === undefined ? "" : `: ${complain(bytes, length)}`;
      this.problem = `${this.path} is malformed${details}`;
    }
    return value;
  }

  /** Tries again to open a file that could not be opened. */
  retry(): void {
    if (!this.usable && this.#open()) this.#settle();
  }

  /** Gives up the descriptor until the next read. */
  release(): void {
    this.close();
    this.#reopens = true;
  }

  close(): void {
    this.#reopens = false;
    if (this.#fd === undefined) return;
    const fd = this.#fd;
    this.#fd = undefined;
    this.#files.remove(this);
    this.#files.io.close(fd);
  }

  /** Does not keep the descriptor where none may be kept. */
  #settle(): void {
    if (this.#files.io.transient) this.release();
  }

  /** Fills the buffer: the number of bytes, or -1 on failure. */
  #fill(): number {
    if (this.#fd === undefined && !(this.#reopens && this.#open())) return -1;
    try {
      const { io } = this.#files;
      let length = io.read(this.#fd!, bytes);
      while (length === bytes.length && length < MAX_LENGTH) {
        bytes = new WholeBuffer(2 * length);
        length = io.read(this.#fd!, bytes);
      }
      this.gone = false;
      this.problem = undefined;
      if (length < MAX_LENGTH) return length;
      this.problem = `${this.path} is malformed: it is longer than ${MAX_LENGTH} bytes`;
      return -1;
    } catch (error) {
      const code = errorCode(error);
      this.gone = code === "ENOENT" || code === "ENODEV";
      this.problem = describeError(error, this.path);
      return -1;
    } finally {
      this.#settle();
    }
  }

  #open(): boolean {
    try {
      this.#fd = this.#files.open(this.path);
      this.#files.add(this);
      this.problem = undefined;
      this.missing =
        this.waiting =
        this.gone =
        this.#reopens =
          false;
      return this.#seen = true;
    } catch (error) {
      this.waiting = isTransient(error);
      this.#reopens = this.waiting || this.#seen;
      this.missing = errorCode(error) === "ENOENT";
      this.gone = this.missing && this.#seen;
      this.problem = describeError(error, this.path);
      return false;
    }
  }
}
