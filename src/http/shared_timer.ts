import type { Clock } from "../clock.ts";

/**
 * One timer for any number of entries that wait for the same time. It counts
 * ticks instead of reading the clock: where other work blocks the event loop,
 * ticks are late, and so is everything that waits for them.
 */
export class SharedTimer {
  readonly #clock: Pick<Clock, "every">;
  /** Milliseconds between two ticks. */
  readonly #interval: number;
  /** How many ticks make up the whole time. */
  readonly #ticks: number;
  readonly #onTick: (tick: number) => boolean;
  #tick = 0;
  #stop: (() => void) | undefined;

  /**
   * @param time Milliseconds that each entry waits at least; 1.25 times that at most.
   * @param onTick Handles the entries due by this tick; returns whether any still waits.
   */
  constructor(clock: Pick<Clock, "every">, time: number, onTick: (tick: number) => boolean) {
    this.#clock = clock;
    this.#interval = Math.max(1, Math.ceil(time / 5));
    this.#ticks = Math.ceil(time / this.#interval);
    this.#onTick = onTick;
  }

  /** Starts the timer unless it runs. Returns the tick that an entry made now is due by. */
  add(): number {
    const due = this.#tick + this.#ticks;
    if (this.#stop !== undefined) return due + 1; // A part of this tick has passed.
    this.#stop = this.#clock.every(this.#interval, () => {
      // A timer that runs until the next tick is cheaper than one that each request starts.
      if (!this.#onTick(++this.#tick)) this.stop();
    }, true);
    return due;
  }

  /** Stops the timer. */
  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}
