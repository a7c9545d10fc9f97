import { MAX_INTERVAL } from "./check.ts";
import type { Clock } from "./clock.ts";
import type { Sampler } from "./sampler.ts";

/** An event within the gap; it becomes due at the end of the gap. */
interface HeldEvent {
  stopTimer: (() => void) | undefined;
}

/**
 * The pressure events of a sampler, at most one per gap: an event within the
 * gap is held until the gap ends, and dropped if a sample is taken before.
 */
export class PressureWakes {
  readonly #clock: Clock;
  readonly #minGap: number;
  readonly #unref: boolean;
  readonly #onDue: () => void;
  readonly #onFailure: (reason: unknown) => void;
  #lastWake = -Infinity;
  #held: HeldEvent | undefined;
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

  /** Drops the event that is held: the sample that starts now shows its effect. */
  dropHeld(): void {
    const held = this.#held;
    this.#held = undefined;
    held?.stopTimer?.();
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    try {
      this.dropHeld();
    } finally {
      this.#stopListening?.();
    }
  }

  readonly #onEvent = (): void => {
    if (this.#stopped || this.#held !== undefined) return;
    try {
      const now = this.#clock.now();
      const remaining = Math.ceil(this.#lastWake + this.#minGap - now);
      if (!(remaining > 0)) this.#wake(now);
      // No timer takes more, and every watch samples more often than that.
      else if (remaining <= MAX_INTERVAL) this.#hold(remaining);
    } catch (reason) {
      this.#onFailure(reason);
    }
  };

  #hold(remaining: number): void {
    const held: HeldEvent = { stopTimer: undefined };
    this.#held = held;
    const stopTimer = this.#clock.every(remaining, () => this.#onGapEnd(held), this.#unref);
    // The clock may have ticked at once, and that may have dropped the event.
    if (this.#held === held) held.stopTimer = stopTimer;
    else stopTimer();
  }

  #onGapEnd(held: HeldEvent): void {
    if (this.#held !== held) return;
    try {
      this.dropHeld();
      this.#wake(this.#lastWake + this.#minGap);
    } catch (reason) {
      this.#onFailure(reason);
    }
  }

  #wake(at: number): void {
    this.#lastWake = at;
    this.#onDue();
  }
}
