/** One request on its way. */
interface Flight {
  readonly startedAt: number;
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
  /** Those that are not settled, the oldest first; ended ones may be among them. */
  #unsettled: Flight[] = [];
  #count = 0;
  #pending = 0;
  #ended = 0;

  constructor(within: number) {
    this.#within = within;
  }

  /** All that have not ended. */
  get count(): number {
    return this.#count;
  }

  /** How many have ended so far. */
  get ended(): number {
    return this.#ended;
  }

  /** Bytes that those take which are not settled. */
  get pending(): number {
    return this.#pending;
  }

  /** Starts a flight; the returned function ends it, once. */
  start(now: number, bytes: number): () => void {
    const flight: Flight = { startedAt: now, bytes, settled: false, ended: false };
    this.#count++;
    this.#pending += bytes;
    if (this.#within !== Infinity) this.#unsettled.push(flight);
    return () => {
      if (flight.ended) return;
      flight.ended = true;
      this.#ended++;
      this.#count--;
      this.#settle(flight);
    };
  }

  /** Takes a sample of this moment into account. */
  settle(now: number): void {
    const first = this.#unsettled.findIndex(({ startedAt }) => now - startedAt < this.#within);
    const settled = this.#unsettled.splice(0, first === -1 ? this.#unsettled.length : first);
    for (const flight of settled) this.#settle(flight);
  }

  #settle(flight: Flight): void {
    if (flight.settled) return;
    flight.settled = true;
    this.#pending -= flight.bytes;
  }
}
