import type { Clock } from "./clock.ts";
import type { Sampler } from "./sampler.ts";

/** The pressure events of a sampler, at most one per gap. */
export class PressureWakes {
  readonly #clock: Clock;
  readonly #minGap: number;
  readonly #unref: boolean;
  readonly #onDue: () => void;
  readonly #onFailure: (reason: unknown) => void;
  #lastWake = -Infinity;
  #stopListening: (() => void) | undefined;
  #stopped = false;

  /**
   * Makes one that does not listen yet.
   *
   * @param minGap Milliseconds.
   * @param onDue Called when a sample is due; must not throw.
   * @param onFailure Called with each error of the clock; must not throw.
   */
  constructor(
    clock: Clock,
    minGap: number,
    unref: boolean,
    onDue: () => void,
    onFailure: (reason: unknown) => void,
  ) {
    this.#clock = clock;
    this.#minGap = minGap;
    this.#unref = unref;
    this.#onDue = onDue;
    this.#onFailure = onFailure;
  }

  /** Registers with the sampler, unless already stopped. */
  listen(sampler: Sampler): void {
    if (this.#stopped) return;
    const stop = sampler.onPressure?.(this.#onEvent, this.#unref);
    // The sampler may have called back, and that may have ended the watch.
    if (this.#stopped) stop?.();
    else this.#stopListening = stop;
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#stopListening?.();
  }

  readonly #onEvent = (): void => {
    if (this.#stopped) return;
    try {
      const now = this.#clock.now();
      if (now - this.#lastWake < this.#minGap) return;
      this.#lastWake = now;
      this.#onDue();
    } catch (reason) {
      this.#onFailure(reason);
    }
  };
}
