import type { Clock } from "../clock.ts";

interface Ticker {
  interval: number;
  tick: () => void;
  due: number;
  unref: boolean;
}

/**
 * A clock that you move, for the option `clock` of `watch` and of all other parts.
 *
 * ```ts
 * import { watch } from "@x/memctl";
 * import { ManualClock, ScenarioSampler } from "@x/memctl/testing";
 * import assert from "node:assert/strict";
 *
 * const clock = new ManualClock();
 * const sampler = new ScenarioSampler(clock, [{ at: 0, systemAvailable: 1_000 }]);
 * const stop = new AbortController();
 * let calls = 0;
 * const done = watch({ interval: 100, clock, sampler, signal: stop.signal }, () => calls++);
 * await clock.tickAsync(350);
 * assert.equal(calls, 3);
 * stop.abort();
 * await done;
 * clock.assertIdle();
 * ```
 *
 * @since 0.1.0
 */
export class ManualClock implements Clock {
  #now = 0;
  readonly #tickers = new Set<Ticker>();

  /** Milliseconds that have passed since the clock was made. */
  now(): number {
    return this.#now;
  }

  /** See {@linkcode Clock.every}. */
  every(interval: number, tick: () => void, unref: boolean): () => void {
    const ticker = { interval, tick, due: this.#now + interval, unref };
    this.#tickers.add(ticker);
    return () => void this.#tickers.delete(ticker);
  }

  /**
   * Number of running periods: one for each watch and watchdog on this clock, and
   * one for each watch that holds a pressure event until its `minGap` ends.
   */
  get running(): number {
    return this.#tickers.size;
  }

  /** Number of running periods that keep the process alive. */
  get referenced(): number {
    return [...this.#tickers].filter((ticker) => !ticker.unref).length;
  }

  /**
   * Moves the clock at once. Each tick fires when it is due. Promises do not settle
   * in between, so ticks coalesce while a callback is awaited.
   */
  tick(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) this.#fire(next);
    this.#now = Math.max(this.#now, end);
  }

  /**
   * Moves the clock, and lets promises settle after each tick. Callbacks that await
   * nothing but promises run to their end.
   */
  async tickAsync(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settled();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#fire(next);
      await settled();
    }
    this.#now = Math.max(this.#now, end);
  }

  /** Moves the clock while no tick can fire, as in a blocked event loop. */
  block(milliseconds: number): void {
    this.#now += milliseconds;
    for (const ticker of [...this.#tickers].sort((a, b) => a.due - b.due)) {
      // One that was due before may have stopped this one.
      if (ticker.due > this.#now || !this.#tickers.has(ticker)) continue;
      // What setInterval does in all three runtimes: one call, late.
      ticker.due = this.#now + ticker.interval;
      ticker.tick();
    }
  }

  /**
   * Throws if a watch or watchdog still runs on this clock.
   *
   * @throws {Error} With their number.
   */
  assertIdle(): void {
    if (this.running > 0) throw new Error(`${this.running} periods still run on this clock`);
  }

  #next(end: number): Ticker | undefined {
    let next: Ticker | undefined;
    for (const ticker of this.#tickers) {
      if (ticker.due <= end && (next === undefined || ticker.due < next.due)) next = ticker;
    }
    return next;
  }

  #fire(ticker: Ticker): void {
    this.#now = Math.max(this.#now, ticker.due);
    ticker.due += ticker.interval;
    ticker.tick();
  }
}

/** Enough turns of the microtask queue for chains of promises. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
