import type { Clock } from "../clock.ts";

/** One request on its way. */
interface Flight {
  /** What it takes at most. */
  readonly bytes: number;
  /** Whether it has taken all that, so that samples show it. */
  settled: boolean;
  ended: boolean;
}

/** The requests in flight, and what of them a sample does not show yet. */
export class Flights {
  /** How long in milliseconds until a request is settled; `Infinity`: never. */
  readonly #within: number;
  readonly #clock: Clock;
  /** Those that the next sample will show whole; ended ones may be among them. */
  #ripe: Flight[] = [];
  #count = 0;
  #pending = 0;
  #ended = 0;
  #endedAt = -Infinity;

  constructor(within: number, clock: Clock) {
    this.#within = within;
    this.#clock = clock;
  }

  /** All that have not ended. */
  get count(): number {
    return this.#count;
  }

  /** How many have ended so far. */
  get ended(): number {
    return this.#ended;
  }

  /** When the last one did. */
  get endedAt(): number {
    return this.#endedAt;
  }

  /** Bytes that those take which are not settled. */
  get pending(): number {
    return this.#pending;
  }

  /** Starts a flight; the returned function ends it, once. */
  start(bytes: number): () => void {
    const flight: Flight = { bytes, settled: false, ended: false };
    this.#count++;
    this.#pending += bytes;
    const stopTimer = bytes > 0 && this.#within !== Infinity ? this.#ripen(flight) : undefined;
    return () => {
      if (flight.ended) return;
      flight.ended = true;
      stopTimer?.();
      this.#ended++;
      this.#endedAt = this.#clock.now();
      this.#count--;
      this.#settle(flight);
    };
  }

  /** Takes a sample into account. */
  settle(): void {
    for (const flight of this.#ripe) this.#settle(flight);
    this.#ripe = [];
  }

  /**
   * By a timer, and not by the time that has passed: where other work kept the
   * process from this request, it kept it from the timer as well.
   */
  #ripen(flight: Flight): () => void {
    const stop = this.#clock.every(this.#within, () => {
      stop();
      this.#ripe.push(flight);
    }, true);
    return stop;
  }

  #settle(flight: Flight): void {
    if (flight.settled) return;
    flight.settled = true;
    this.#pending -= flight.bytes;
  }
}
