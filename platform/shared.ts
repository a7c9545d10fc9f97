// One set of open things for any number of samplers.

/** Something that holds descriptors or processes. */
export interface Closeable {
  close(): void;
}

/** A closeable that closes with its last user. */
export class Shared<T extends Closeable> {
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
  #shared: Shared<T> | undefined;

  constructor(shared: Shared<T>) {
    this.#shared = shared;
    shared.join();
  }

  /** What is shared. Throws after `close()`. */
  protected get open(): T {
    if (this.#shared === undefined) throw new Error("Cannot sample: the sampler is closed");
    return this.#shared.value;
  }

  close(): void {
    const shared = this.#shared;
    this.#shared = undefined;
    shared?.leave();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
