import { checkInterval } from "./check.ts";
import { openJointSampler, openSampler } from "./host/sampling.ts";
import type { MemInfo } from "./mem_info.ts";
import { PressureWakes } from "./pressure_wakes.ts";
import type { Sampler } from "./sampler.ts";
import { adopt } from "./thenable.ts";
import type { WatchCallback, WatchCause } from "./watch.ts";
import type { WatchSettings } from "./watch_options.ts";

/** Milliseconds between ticks while an interval function has not returned a valid interval. */
const PROVISIONAL_INTERVAL = 1_000;

/** An object, because `undefined` can be thrown too. */
interface Failure {
  reason: unknown;
}

/**
 * One running watch: idle, or in one turn (sample, then callback, then perhaps
 * onPanic). Ticks that fall due during a turn are counted and become the next.
 *
 * Any function of the user can abort, throw, or make the clock tick. So each
 * runs inside a turn, `#released` is read again after it, and an abort inside
 * a turn takes effect when the turn is over.
 */
export class Watching {
  readonly #settings: WatchSettings;
  readonly #callback: WatchCallback;
  readonly #resolve: () => void;
  readonly #reject: (reason: unknown) => void;
  readonly #wakes: PressureWakes | undefined;
  #sampler!: Sampler;
  #stopTicks: () => void = () => {};
  /** The interval of the ticks; NaN, which equals nothing: no ticks yet. */
  #interval = NaN;
  #due = 0;
  /** The cause of the next turn. */
  #cause: WatchCause = "tick";
  /** `"sampling"` while a promise of a snapshot is pending, which no abort waits for. */
  #turn: "none" | "sampling" | "calling" = "none";
  #released = false;
  /** The reason to reject with at the end. */
  #failure: Failure | undefined;

  /**
   * Makes one that has not started.
   *
   * @param resolve Called when the watch ends after an abort or `stop()`.
   * @param reject Called when the watch ends with an error.
   */
  constructor(
    settings: WatchSettings,
    callback: WatchCallback,
    resolve: () => void,
    reject: (reason: unknown) => void,
  ) {
    this.#settings = settings;
    this.#callback = callback;
    this.#resolve = resolve;
    this.#reject = reject;
    const { clock, minGap, unref } = settings;
    if (minGap !== undefined) {
      this.#wakes = new PressureWakes(clock, minGap, unref, this.#onPressure, this.#breakOff);
    }
  }

  start(): void {
    const { signal, immediate } = this.#settings;
    if (signal.aborted) return this.#resolve();
    this.#turn = "calling";
    if (immediate) {
      this.#due = 1;
      this.#cause = "immediate";
    }
    let panic: Failure | undefined;
    try {
      this.#sampler = this.#settings.sampler ?? this.#openSampler();
      signal.addEventListener("abort", this.stop);
      panic = this.#setOut();
      this.#wakes?.listen(this.#sampler);
    } catch (reason) {
      return this.#fail(reason);
    }
    if (panic === undefined) this.#turnOver();
    else this.#panic(panic.reason);
    this.#takeDue();
  }

  /** Ends the watch; a callback that runs is waited for, a pending snapshot is not. */
  readonly stop = (): void => {
    this.#release();
    if (this.#turn !== "calling") this.#settle();
  };

  #openSampler(): Sampler {
    const { minGap, sampling } = this.#settings;
    // A joint reading may be older than the event that it should show.
    return minGap === undefined ? openJointSampler(sampling) : openSampler(sampling);
  }

  /** Starts the ticks; returns the failure of an interval function. */
  #setOut(): Failure | undefined {
    let interval = PROVISIONAL_INTERVAL;
    let failure: Failure | undefined;
    try {
      interval = this.#askInterval(undefined);
    } catch (reason) {
      failure = { reason };
    }
    this.#tickEvery(interval);
    return failure;
  }

  #askInterval(info: MemInfo | undefined): number {
    const { interval: wanted } = this.#settings;
    const interval = typeof wanted === "function" ? wanted(info) : wanted;
    if (interval !== this.#interval) checkInterval(interval);
    return interval;
  }

  #tickEvery(interval: number): void {
    if (interval === this.#interval || this.#released) return;
    const { clock, unref } = this.#settings;
    // If the clock throws, the ticks stay as they were.
    const stopTicks = clock.every(interval, this.#onTick, unref);
    if (this.#released) return stopTicks();
    const stopFormer = this.#stopTicks;
    this.#stopTicks = stopTicks;
    this.#interval = interval;
    stopFormer();
  }

  readonly #onTick = (): void => {
    if (this.#released) return;
    this.#due++;
    this.#takeDue();
  };

  readonly #onPressure = (): void => {
    if (this.#cause === "tick") this.#cause = "pressure";
    this.#onTick();
  };

  /** Takes all that is due in one turn, unless a turn is under way. */
  #takeDue(): void {
    // A loop, because each turn can make the next one due before it returns.
    while (this.#due > 0 && this.#turn === "none") {
      const coalesced = this.#due - 1;
      const cause = this.#cause;
      this.#due = 0;
      this.#cause = "tick";
      this.#take(cause, coalesced);
    }
  }

  #take(cause: WatchCause, coalesced: number): void {
    this.#turn = "calling";
    let info: MemInfo | Promise<MemInfo>;
    try {
      this.#wakes?.dropHeld();
      info = this.#sampler.sample();
    } catch (reason) {
      return this.#panic(reason);
    }
    const pending = adopt(info);
    if (pending === undefined) this.#call(info as MemInfo, cause, coalesced);
    else this.#callLater(pending, cause, coalesced);
  }

  /** A method of its own, because its closures would cost each synchronous turn an allocation. */
  #callLater(pending: Promise<MemInfo>, cause: WatchCause, coalesced: number): void {
    pending.then((info) => {
      if (this.#released) return;
      this.#call(info, cause, coalesced);
      this.#takeDue();
    }, (reason) => {
      if (this.#released) return;
      this.#panic(reason);
      this.#takeDue();
    });
    if (this.#released) this.#turnOver();
    else this.#turn = "sampling";
  }

  #call(info: MemInfo, cause: WatchCause, coalesced: number): void {
    this.#turn = "calling";
    if (this.#released) return this.#turnOver();
    const callback = this.#callback;
    let result: unknown;
    try {
      this.#tickEvery(this.#askInterval(info));
      if (this.#released) return this.#turnOver();
      result = callback(info, { signal: this.#settings.signal, coalesced, cause });
    } catch (reason) {
      return this.#panic(reason);
    }
    this.#endWith(result, this.#panic);
  }

  readonly #panic = (reason: unknown): void => {
    this.#turn = "calling";
    if (isAbortOf(this.#settings.signal, reason)) return this.#turnOver();
    const { onPanic } = this.#settings;
    if (onPanic === undefined) return this.#fail(reason);
    let result: unknown;
    try {
      result = onPanic(reason);
    } catch (error) {
      return this.#fail(error);
    }
    this.#endWith(result, this.#fail);
  };

  /** Ends the turn when `result` settles: now, if it is not a thenable. */
  #endWith(result: unknown, onRejected: (reason: unknown) => void): void {
    const pending = adopt(result);
    if (pending === undefined) this.#turnOver();
    else this.#endLater(pending, onRejected);
  }

  #endLater(pending: Promise<unknown>, onRejected: (reason: unknown) => void): void {
    pending.then(() => {
      this.#turnOver();
      this.#takeDue();
    }, (reason) => {
      onRejected(reason);
      this.#takeDue();
    });
  }

  #turnOver(): void {
    this.#turn = "none";
    if (this.#released) this.#settle();
  }

  readonly #fail = (reason: unknown): void => {
    this.#failure = { reason };
    this.#release();
    this.#turnOver();
  };

  /** Ends the watch because of an error outside of the user's functions. */
  readonly #breakOff = (reason: unknown): void => {
    this.#failure ??= { reason };
    this.stop();
  };

  /** Lets go of everything, whatever throws meanwhile. */
  #release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#due = 0;
    const { signal, sampler } = this.#settings;
    const steps = [
      this.#stopTicks,
      () => this.#wakes?.stop(),
      () => signal.removeEventListener("abort", this.stop),
      () => sampler === undefined && this.#sampler?.close(),
    ];
    for (const step of steps) {
      try {
        step();
      } catch (reason) {
        this.#failure ??= { reason };
      }
    }
  }

  #settle(): void {
    if (this.#failure === undefined) this.#resolve();
    else this.#reject(this.#failure.reason);
  }
}

/**
 * Whether `reason` only reports that the signal was aborted: it is the
 * signal's reason, or an AbortError caused by it, as Node's APIs make them.
 */
function isAbortOf(signal: AbortSignal, reason: unknown): boolean {
  try {
    if (!signal.aborted) return false;
    if (Object.is(reason, signal.reason)) return true;
    const { name, cause } = reason as { name?: unknown; cause?: unknown };
    return name === "AbortError" && Object.is(cause, signal.reason);
  } catch {
    // `undefined` or `null`, which have no properties, or an object whose getters throw.
    return false;
  }
}
