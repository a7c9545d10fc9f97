import { MiB } from "../bytes.ts";
import type { MemInfo } from "../mem_info.ts";
import type { Reading } from "./gauge.ts";

/** Minimum time between two requests, in milliseconds. */
const LEAST_WAIT = 50;
/** Maximum of that time. It doubles while collections free next to nothing. */
const MOST_WAIT = 2_000;
/** Milliseconds for each MiB that is live. V8 marked 42 to 55 MiB in 27 to 39 ms. */
const WAIT_PER_MIB = 0.5;
/** The share of the room up to the limit that this isolate's memory must grow by. */
const GROWTH = 0.5;
/** From this share of the limit on there is no time to wait for the engine. */
const UNTIL = 0.95;
/** From this share on, a collection is forced after so many milliseconds without a request. */
const NEAR = 0.9;
const MOST_SILENCE = 500;
/** A collection that frees a smaller share of this isolate's memory has no effect. */
const EFFECT = 0.05;
/** After so many requests without effect, a collection is forced, measured and reported. */
const MOST_FRUITLESS = 2;

/** This isolate's memory, in bytes. */
interface Held {
  heapUsed: number;
  runtimeTotal: number;
}

/**
 * Asks the engine in time to collect by itself, as long as usage is not close to
 * the limit. That costs the program little, where a forced collection stops it.
 * Usage of the container does not fall, because the engine keeps the memory for
 * reuse, but it stops growing.
 */
export class EarlyGc {
  readonly #request: () => boolean;
  #usable = true;
  #requestedAt = -Infinity;
  #wait = LEAST_WAIT;
  #fruitless = 0;
  /** At the last request. */
  #asked: Held = { heapUsed: 0, runtimeTotal: 0 };
  /** The least since then. */
  #least: Held = { heapUsed: Infinity, runtimeTotal: Infinity };

  /** @param request Asks the engine; returns whether it could be asked. */
  constructor(request: () => boolean) {
    this.#request = request;
  }

  /** Whether the engine is asked at this usage, and nothing is forced. */
  covers(now: number, { used, limit }: Reading): boolean {
    if (!this.#usable || this.#fruitless >= MOST_FRUITLESS) return false;
    // Where this isolate's memory does not grow, a forced collection tells whether it is live.
    const until = now - this.#requestedAt < MOST_SILENCE ? UNTIL : NEAR;
    return used < limit * until;
  }

  /** Takes note of a snapshot. */
  observe({ heapUsed = Infinity, runtimeTotal = Infinity }: MemInfo): void {
    const least = this.#least;
    if (heapUsed < least.heapUsed) least.heapUsed = heapUsed;
    if (runtimeTotal < least.runtimeTotal) least.runtimeTotal = runtimeTotal;
  }

  /** Whether this isolate's memory has grown by much of what is left, and it is not too soon. */
  isDue(now: number, { used, limit }: Reading, info: MemInfo): boolean {
    if (now < this.#requestedAt + this.#wait) return false;
    const growth = (limit - used) * GROWTH;
    const { heapUsed, runtimeTotal } = held(info);
    return heapUsed >= this.#least.heapUsed + growth ||
      runtimeTotal >= this.#least.runtimeTotal + growth;
  }

  /** Asks the engine. */
  request(now: number, info: MemInfo): void {
    const shortest = Math.max(LEAST_WAIT, WAIT_PER_MIB * this.#least.heapUsed / MiB);
    const first = this.#requestedAt === -Infinity;
    if (this.#helped || first) {
      this.#wait = shortest;
      this.#fruitless = 0;
    } else {
      this.#wait = Math.max(shortest, Math.min(MOST_WAIT, this.#wait * 2));
      this.#fruitless++;
    }
    this.#requestedAt = now;
    this.#asked = held(info);
    this.#least = held(info);
    this.#usable = this.#request();
  }

  /** Takes note of a forced collection: from now on the engine is asked again. */
  forced(): void {
    this.#fruitless = 0;
  }

  get #helped(): boolean {
    const { heapUsed, runtimeTotal } = this.#asked;
    return this.#least.heapUsed < heapUsed * (1 - EFFECT) ||
      this.#least.runtimeTotal < runtimeTotal * (1 - EFFECT);
  }
}

function held({ heapUsed = 0, runtimeTotal = 0 }: MemInfo): Held {
  return { heapUsed, runtimeTotal };
}
