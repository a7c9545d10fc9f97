import type { Clock } from "../clock.ts";

/** Milliseconds between two looks at who waits. */
const INTERVAL = 10;
/** The most that may wait. */
const MOST = 1_000;

interface Waiter<T> {
  /** The answer for good; `undefined`: wait on. */
  readonly ask: (final: boolean) => T | undefined;
  readonly resolve: (answer: T) => void;
  readonly reject: (error: unknown) => void;
  readonly until: number;
}

/** Those that wait for an answer, in order of arrival, each for a limited time. */
export class Waiting<T> {
  readonly #clock: Clock;
  readonly #before: () => void;
  #waiters: Waiter<T>[] = [];
  #stop: (() => void) | undefined;
  #asking = false;

  /** @param before Called before those that wait are asked, to sample. */
  constructor(clock: Clock, before: () => void) {
    this.#clock = clock;
    this.#before = before;
  }

  /** Whether nobody else can wait. */
  get isFull(): boolean {
    return this.#waiters.length >= MOST;
  }

  /**
   * Waits until `ask` has an answer, for so many milliseconds at most.
   *
   * @param ask Gives the answer, or `undefined`. The last time it must have one.
   */
  add(ask: Waiter<T>["ask"], patience: number): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ ask, resolve, reject, until: this.#clock.now() + patience });
      this.#stop ??= this.#clock.every(INTERVAL, () => this.look(), false);
    });
  }

  /** Asks for those that wait, in order. */
  look(): void {
    if (this.#waiters.length === 0 || this.#asking) return;
    this.#asking = true;
    try {
      this.#before();
      const now = this.#clock.now();
      this.#waiters = this.#waiters.filter((waiter) => !settle(waiter, now >= waiter.until));
    } finally {
      this.#asking = false;
    }
    if (this.#waiters.length > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }
}

function settle<T>({ ask, resolve, reject }: Waiter<T>, final: boolean): boolean {
  try {
    const answer = ask(final);
    if (answer === undefined) return false;
    resolve(answer);
  } catch (error) {
    reject(error);
  }
  return true;
}
