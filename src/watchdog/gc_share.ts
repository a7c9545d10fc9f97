import type { Clock } from "../clock.ts";

/** Milliseconds that the share is taken over. */
const WINDOW = 2_000;
/** Least milliseconds between a change of the engine's settings and a tighter one. */
const PATIENCE = 500;

/** The share of time that collections took lately, against the largest permitted. */
export class GcShare {
  readonly #max: number;
  readonly #clock: Clock;
  /** Oldest first. */
  #collections: { end: number; duration: number }[] = [];
  #changedAt: number;

  constructor(max: number, clock: Clock) {
    this.#max = max;
    this.#clock = clock;
    // Nothing is tightened before the first window is over.
    this.#changedAt = clock.now() + WINDOW - PATIENCE;
  }

  /** Takes note of a collection that ended `age` milliseconds ago. */
  add(duration: number, age: number): void {
    this.#collections.push({ end: this.#clock.now() - age, duration });
  }

  get exceeded(): boolean {
    return this.#current > this.#max;
  }

  /** Whether collections twice as often would be well within the share, by enough evidence. */
  get permitsTwice(): boolean {
    const settled = this.#clock.now() - this.#changedAt >= PATIENCE;
    // With a margin, so that settings do not go to and fro.
    return settled && this.#current * 2 < this.#max * 0.8;
  }

  /** The engine's settings changed: what is on record is expected to count so much from now on. */
  scale(factor: number): void {
    for (const collection of this.#collections) collection.duration *= factor;
    this.#changedAt = this.#clock.now();
  }

  get #current(): number {
    const start = this.#clock.now() - WINDOW;
    this.#collections = this.#collections.filter(({ end }) => end > start);
    let sum = 0;
    for (const { duration } of this.#collections) sum += duration;
    return sum / WINDOW;
  }
}
