import type { Clock } from "../clock.ts";

/** Waits that a second signal ends. They keep the process alive while they last. */
export class Waits {
  readonly #clock: Clock;
  readonly #pending = new Set<() => void>();
  readonly #repeated = new Set<() => void>();
  #hurried = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  /** Resolves after so many milliseconds, or once there is no time to wait. */
  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.#after(milliseconds, resolve));
  }

  /** Whether the promise settles within so many milliseconds. */
  within(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#after(milliseconds, () => resolve(false));
      const settled = () => {
        cancel();
        resolve(true);
      };
      promise.then(settled, settled);
    });
  }

  /** Calls `tick` so often until the returned function, or `end()`, is called. */
  every(milliseconds: number, tick: () => void): () => void {
    const stop = this.#clock.every(milliseconds, tick, true);
    this.#repeated.add(stop);
    return () => {
      this.#repeated.delete(stop);
      stop();
    };
  }

  /** Stops what is still repeated. */
  end(): void {
    for (const stop of this.#repeated) stop();
    this.#repeated.clear();
  }

  /** Ends all waits, those to come as well. */
  hurry(): void {
    this.#hurried = true;
    for (const end of [...this.#pending]) end();
  }

  #after(milliseconds: number, done: () => void): () => void {
    let stop = () => {};
    const end = () => {
      stop();
      this.#pending.delete(end);
      done();
    };
    if (this.#hurried || !(milliseconds > 0)) {
      // A later turn, so that promises that have settled count.
      void Promise.resolve().then(() => Promise.resolve()).then(done);
      return () => {};
    }
    this.#pending.add(end);
    stop = this.#clock.every(milliseconds, end, false);
    return () => {
      stop();
      this.#pending.delete(end);
    };
  }
}
