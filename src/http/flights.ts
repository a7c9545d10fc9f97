/** One request on its way. */
interface Flight {
  readonly startedAt: number;
  /** Whether it has taken all that it takes, so that samples show it. */
  settled: boolean;
  ended: boolean;
}

/** The requests in flight, and how many of them a sample does not show yet. */
export class Flights {
  /** How long in milliseconds until a request is settled; `Infinity`: never. */
  readonly #within: number;
  /** Those that are not settled, the oldest first; ended ones may be among them. */
  #unsettled: Flight[] = [];
  #count = 0;
  #settledCount = 0;
  /** How many have ended so far. */
  ended = 0;

  constructor(within: number) {
    this.#within = within;
  }

  /** All that have not ended. */
  get count(): number {
    return this.#count;
  }

  /** Those of them that samples show whole. */
  get settled(): number {
    return this.#settledCount;
  }

  /** Starts a flight; the returned function ends it, once. */
  start(now: number): () => void {
    const flight: Flight = { startedAt: now, settled: false, ended: false };
    this.#count++;
    if (this.#within !== Infinity) this.#unsettled.push(flight);
    return () => {
      if (flight.ended) return;
      flight.ended = true;
      this.ended++;
      this.#count--;
      if (flight.settled) this.#settledCount--;
    };
  }

  /** Takes a sample of this moment into account. */
  settle(now: number): void {
    const first = this.#unsettled.findIndex(({ startedAt }) => now - startedAt < this.#within);
    const settled = this.#unsettled.splice(0, first === -1 ? this.#unsettled.length : first);
    for (const flight of settled) {
      flight.settled = true;
      if (!flight.ended) this.#settledCount++;
    }
  }
}
