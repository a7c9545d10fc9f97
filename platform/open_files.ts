// The descriptors that one reader holds. When the process runs out of them,
// the reader's files take turns with the descriptors that it already has.

import { errorCode, type FileIo } from "./file_io.ts";

/** Something that can give up its descriptor and open its file again. */
export interface Holder {
  release(): void;
}

/** Opens the files of one reader. */
export class OpenFiles {
  readonly io: FileIo;
  /** Who holds a descriptor, in the order of opening. */
  readonly #holders: Holder[] = [];

  constructor(io: FileIo) {
    this.io = io;
  }

  /** Opens a file, with the descriptor of another one if there is no other. */
  open(path: string): number {
    return this.#attempt(() => this.io.open(path));
  }

  /** Reads a whole file that is read once, likewise. */
  readAll(path: string): Uint8Array {
    return this.#attempt(() => this.io.readAll(path));
  }

  /** Notes that this holder has a descriptor. */
  add(holder: Holder): void {
    this.#holders.push(holder);
  }

  /** Notes that it has none any more. */
  remove(holder: Holder): void {
    const at = this.#holders.indexOf(holder);
    if (at !== -1) this.#holders.splice(at, 1);
  }

  /**
   * The file opened last gives way. Files are read in turn, so the others are
   * then still open when their turn comes.
   */
  #attempt<T>(call: () => T): T {
    for (;;) {
      try {
        return call();
      } catch (error) {
        const last = isShortage(error) ? this.#holders.at(-1) : undefined;
        if (last === undefined) throw error;
        last.release();
      }
    }
  }
}

/** Whether the process or the host has no file descriptor left. */
export function isShortage(error: unknown): boolean {
  const code = errorCode(error);
  return code === "EMFILE" || code === "ENFILE";
}

/** Whether the file may open at the next attempt, although it did not now. */
export function isTransient(error: unknown): boolean {
  const code = errorCode(error);
  return isShortage(error) || code === "ENOMEM" || code === "EINTR" || code === "EAGAIN";
}
