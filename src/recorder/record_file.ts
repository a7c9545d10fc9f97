/** An open record file. Its methods throw as `node:fs` does. */
export interface RecordFile {
  readAll(): Uint8Array;
  /** Makes it so long, with zeros on the disk; leaves it as it was if the disk is full. */
  resize(size: number): void;
  /** Fills the buffer from this place on. */
  read(into: Uint8Array, at: number): void;
  /** Writes all bytes to this place on. */
  write(bytes: Uint8Array, at: number): void;
  close(): void;
  /** Closes it, and removes it if it was made by opening it. */
  discard(): void;
}
