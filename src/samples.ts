import type { MemInfo } from "./mem_info.ts";
import type { SamplerSource } from "./sampler.ts";
import { readWatchOptions, type WatchControls, type WatchSettings } from "./watch_options.ts";
import { Watching } from "./watching.ts";

/**
 * Options of {@linkcode samples}: those of {@linkcode watch} without `onPanic`,
 * because there is no callback. `samples()` reads each option once.
 *
 * @since 0.1.0
 */
export type SamplesOptions = Omit<WatchControls, "onPanic"> & SamplerSource;

/**
 * Samples memory like {@linkcode watch}, and yields each snapshot to a
 * `for await` loop.
 *
 * Sampling starts with the first `next()`. While the loop's body runs, all ticks
 * that fall due become one snapshot, taken when the body is done. `break`,
 * `return`, an error in the body and an abort release all files and timers. An
 * abort ends the loop without an error.
 *
 * ```ts
 * import { samples } from "@x/memctl";
 *
 * for await (const info of samples({ interval: 1_000, immediate: true })) {
 *   console.log(`${info}`);
 *   break; // a service would go on
 * }
 * ```
 *
 * @param options When to sample, and what ends it.
 * @returns An iterator for one loop.
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {RangeError} If `interval` is not above 0 and at most 2³¹−1, or
 * another option has an unknown value.
 * @since 0.1.0
 */
export function samples(options: SamplesOptions): AsyncIterableIterator<MemInfo> {
  return new Samples({ ...readWatchOptions(options), onPanic: undefined });
}

/** A consumer that waits in `next()`. */
interface Waiter {
  resolve: (result: IteratorResult<MemInfo, undefined>) => void;
  reject: (reason: unknown) => void;
}

const DONE: IteratorResult<MemInfo, undefined> = { done: true, value: undefined };

class Samples implements AsyncIterableIterator<MemInfo, undefined> {
  readonly #watching: Watching;
  readonly #waiters: Waiter[] = [];
  /** Lets the watch's callback return: the consumer is back for more. */
  #resume: (() => void) | undefined;
  #started = false;
  #over = false;
  #failure: { reason: unknown } | undefined;

  constructor(settings: WatchSettings) {
    this.#watching = new Watching(
      settings,
      (info) => this.#deliver(info),
      () => this.#finish(),
      (reason) => this.#finish({ reason }),
    );
  }

  next(): Promise<IteratorResult<MemInfo, undefined>> {
    if (this.#over) {
      const failure = this.#failure;
      this.#failure = undefined;
      return failure === undefined ? Promise.resolve(DONE) : Promise.reject(failure.reason);
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      if (this.#started) return this.#goOn();
      this.#started = true;
      this.#watching.start();
    });
  }

  return(): Promise<IteratorResult<MemInfo, undefined>> {
    this.#finish();
    return Promise.resolve(DONE);
  }

  throw(reason?: unknown): Promise<IteratorResult<MemInfo, undefined>> {
    this.#finish();
    return Promise.reject(reason);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** Hands a snapshot over and holds the watch until the consumer is back. */
  #deliver(info: MemInfo): Promise<void> | undefined {
    this.#waiters.shift()?.resolve({ done: false, value: info });
    if (this.#waiters.length > 0) return undefined;
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  #goOn(): void {
    this.#resume?.();
    this.#resume = undefined;
  }

  #finish(failure?: { reason: unknown }): void {
    if (this.#over) return;
    this.#over = true;
    this.#watching.stop();
    this.#goOn();
    const waiters = this.#waiters.splice(0);
    // The first that waits learns of the failure; if none does, the next call.
    if (failure !== undefined) {
      const first = waiters.shift();
      if (first) first.reject(failure.reason);
      else this.#failure = failure;
    }
    for (const waiter of waiters) waiter.resolve(DONE);
  }
}
