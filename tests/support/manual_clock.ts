import type { Clock } from "../../src/clock.ts";

interface Ticker {
  interval: number;
  tick: () => void;
  due: number;
  unref: boolean;
}

/** Time that passes only when told to. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #tickers = new Set<Ticker>();

  now(): number {
    return this.#now;
  }

  every(interval: number, tick: () => void, unref: boolean): () => void {
    const ticker = { interval, tick, due: this.#now + interval, unref };
    this.#tickers.add(ticker);
    return () => void this.#tickers.delete(ticker);
  }

  /** Tickers that run. */
  get running(): number {
    return this.#tickers.size;
  }

  /** Those of them that keep the process alive. */
  get referenced(): number {
    return [...this.#tickers].filter((ticker) => !ticker.unref).length;
  }

  /** Lets time pass; each tick fires when it is due. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const next = [...this.#tickers].filter((ticker) => ticker.due <= end)
        .toSorted((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.due);
      next.due += next.interval;
      next.tick();
    }
    this.#now = Math.max(this.#now, end);
  }

  /** Time passes while nothing can fire, as in a blocked event loop. */
  block(milliseconds: number): void {
    this.#now += milliseconds;
    for (const ticker of [...this.#tickers]) {
      if (ticker.due > this.#now) continue;
      // What setInterval does in all three runtimes: one call, late.
      ticker.due = this.#now + ticker.interval;
      ticker.tick();
    }
  }
}
