import { describeError, errorCode, type FileIo } from "./file_io.ts";

/**
 * Deno's fs.readSync takes a view of what it is to fill, an object of 104
 * bytes. The view of the whole is the buffer itself here.
 */
class WholeBuffer extends Uint8Array {
  override subarray(start = 0, end = this.length): Uint8Array<ArrayBuffer> {
    if (start !== 0 || end !== this.length) return super.subarray(start, end);
    return this as Uint8Array<ArrayBuffer>;
  }
}

/** What every read fills; only the bytes of the last read are meaningful. */
export const bytes: Uint8Array = new WholeBuffer(16 * 1024);

/**
 * A file that the kernel writes anew at each read: opened once, then read from
 * its start into the one shared buffer.
 */
export class KernelFile {
  readonly path: string;
  /** Why the last open or read failed. */
  problem: string | undefined;
  /** Whether there was no such file to open. */
  missing = false;
  /** Whether the file went away while it was open. */
  gone = false;
  readonly #io: FileIo;
  #fd: number | undefined;
  #retry = false;

  constructor(path: string, io: FileIo) {
    this.path = path;
    this.#io = io;
    this.#open();
  }

  /** Whether it is open, or was kept from it only by a want of descriptors. */
  get usable(): boolean {
    return this.#fd !== undefined || this.#retry;
  }

  /** Reads into {@linkcode bytes}: how many there are, or -1 on failure. */
  read(): number {
    if (this.#fd === undefined && (!this.#retry || !this.#open())) return -1;
    try {
      const length = this.#io.read(this.#fd!, bytes);
      this.problem = undefined;
      this.gone = false;
      return length;
    } catch (error) {
      const code = errorCode(error);
      this.gone = code === "ENOENT" || code === "ENODEV";
      this.problem = describeError(error, this.path);
      return -1;
    }
  }

  close(): void {
    this.#retry = false;
    if (this.#fd === undefined) return;
    const fd = this.#fd;
    this.#fd = undefined;
    this.#io.close(fd);
  }

  #open(): boolean {
    try {
      this.#fd = this.#io.open(this.path);
      this.problem = undefined;
      this.#retry = false;
      return true;
    } catch (error) {
      const code = errorCode(error);
      this.#retry = code === "EMFILE" || code === "ENFILE";
      this.missing = code === "ENOENT";
      this.problem = describeError(error, this.path);
      return false;
    }
  }
}
