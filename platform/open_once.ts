// Opened once, for any number of samplers.

/** Something that holds descriptors or processes. */
export interface Closeable {
  close(): void;
}

/** A closeable that closes with its last user. */
export class OpenOnce<T extends Closeable> {
  readonly value: T;
  readonly #onClosed: () => void;
  #users = 0;

  constructor(value: T, onClosed: () => void) {
    this.value = value;
    this.#onClosed = onClosed;
  }

  join(): void {
    this.#users++;
  }

  leave(): void {
    this.#users--;
    if (this.#users > 0) return;
    this.#onClosed();
    this.value.close();
  }
}

/** The part of a sampler that is the same everywhere: opened once, closed once. */
export class Handle<T extends Closeable> implements Disposable {
  #source: OpenOnce<T> | undefined;

  constructor(source: OpenOnce<T>) {
    this.#source = source;
    source.join();
  }

  /** What was opened. Throws after `close()`. */
  protected get open(): T {
    if (this.#source === undefined) throw new Error("Cannot sample: the sampler is closed");
    return this.#source.value;
  }

  close(): void {
    const source = this.#source;
    this.#source = undefined;
    source?.leave();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
