import type { Clock } from "../clock.ts";
import { adopt } from "../thenable.ts";
import type { Description, Figure, Value } from "./figures.ts";

/** The values of each figure of a part, in the order of the figures. */
export type Reading = readonly (readonly Value[])[];

/** How long a part may take, and who hears that it failed. */
export interface PartLimits {
  readonly clock: Pick<Clock, "every">;
  /** Milliseconds that a scrape waits at most. */
  readonly timeout: number;
  /** Called with the first error, and with the first one after a success. */
  readonly onError: (error: Error) => void;
}

/** Makes the part that has these figures of what `read` returns. */
export function partOf<Source>(
  name: string,
  figures: readonly Figure<Source>[],
  read: () => Source | Promise<Source>,
  limits: PartLimits,
): Part {
  const values = (source: Source): Reading => figures.map((figure) => figure.values(source));
  return new Part(name, figures, () => {
    const source = read();
    return adopt(source)?.then((source) => values(source)) ?? values(source as Source);
  }, limits);
}

/**
 * Where some of the metrics get their values from: the sampler, a watchdog or a
 * shedder. A scrape asks all metrics for their values at once, so the metrics
 * that ask while a reading is under way share it.
 *
 * A part that fails has no values. It never makes a scrape fail.
 */
export class Part {
  /** The option that passed it. */
  readonly name: string;
  readonly figures: readonly Description[];
  readonly #read: () => Reading | Promise<Reading>;
  readonly #limits: PartLimits;
  #scrape: Promise<Reading | undefined> | undefined;
  /** Whether a promise of `#read` has not settled, even if no scrape waits any more. */
  #pending = false;
  /** Ends the wait of the scrape. */
  #waiting: ((reading: Reading | undefined, error?: unknown) => void) | undefined;
  #failing = false;
  #stopped = false;
  #failures = 0;

  constructor(
    name: string,
    figures: readonly Description[],
    read: () => Reading | Promise<Reading>,
    limits: PartLimits,
  ) {
    this.name = name;
    this.figures = figures;
    this.#read = read;
    this.#limits = limits;
  }

  /** How many scrapes had no values of this part. */
  get failures(): number {
    return this.#failures;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** The values for one scrape; `undefined`: the part failed, or was stopped. Never rejects. */
  read(): Promise<Reading | undefined> {
    return this.#scrape ??= this.#take().finally(() => this.#scrape = undefined);
  }

  /** Ends the scrape that is waiting. From now on there are no values. */
  stop(): void {
    this.#stopped = true;
    this.#waiting?.(undefined);
  }

  async #take(): Promise<Reading | undefined> {
    if (this.#stopped) return undefined;
    try {
      const reading = this.#pending ? await this.#wait() : await this.#start();
      if (this.#stopped) return undefined;
      this.#failing = false;
      return reading;
    } catch (error) {
      if (!this.#stopped) this.#fail(error);
      return undefined;
    }
  }

  #start(): Reading | Promise<Reading | undefined> {
    const reading = this.#read();
    if (!(reading instanceof Promise)) return reading;
    this.#pending = true;
    const settle = (reading: Reading | undefined, error?: unknown) => {
      this.#pending = false;
      this.#waiting?.(reading, error);
    };
    reading.then(settle, (error) => settle(undefined, error ?? new Error("no reason given")));
    return this.#wait();
  }

  /** Waits for the promise, as long as a scrape may. */
  #wait(): Promise<Reading | undefined> {
    const { clock, timeout } = this.#limits;
    return new Promise((resolve, reject) => {
      const end = (reading: Reading | undefined, error?: unknown) => {
        stopTimer();
        this.#waiting = undefined;
        if (error === undefined) resolve(reading);
        else reject(error);
      };
      const late = () => end(undefined, new Error(`no answer within ${timeout} ms`));
      const stopTimer = clock.every(timeout, late, true);
      this.#waiting = end;
    });
  }

  #fail(cause: unknown): void {
    this.#failures++;
    if (this.#failing) return;
    this.#failing = true;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const problem = `A scrape has no figures of '${this.name}', because it failed: ${reason}`;
    this.#limits.onError(new Error(problem, { cause }));
  }
}
