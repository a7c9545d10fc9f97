import { checkFunction, checkInterval } from "./check.ts";
import { openSampler, openSharedSampler } from "./host.ts";
import type { MemInfo } from "./mem_info.ts";
import type { Sampler } from "./sampler.ts";
import { adopt } from "./thenable.ts";
import { readWatchOptions, type WatchOptions, type WatchSettings } from "./watch_options.ts";

/**
 * Why a snapshot was taken: at entry, because a tick fell due, or because the
 * kernel gave notice of pressure.
 *
 * @since 0.1.0
 */
export type WatchCause = "immediate" | "tick" | "pressure";

/**
 * What a callback is told besides the snapshot.
 *
 * @since 0.1.0
 */
export interface WatchContext {
  /**
   * The signal that ends the watch. Pass it to slow work, such as `fetch`: an
   * abort then cancels the work, and the watch resolves.
   */
  readonly signal: AbortSignal;
  /** Ticks merged into this one because the callback was still running. */
  readonly coalesced: number;
  /** Why this snapshot was taken. */
  readonly cause: WatchCause;
}

/**
 * The function that {@linkcode watch} calls with each snapshot. If it returns a
 * promise or another thenable, the watch makes no other call until that settles.
 *
 * @since 0.1.0
 */
export type WatchCallback = (info: MemInfo, context: WatchContext) => unknown;

/**
 * Samples memory every `interval` milliseconds and hands each snapshot to the
 * callback, until the signal is aborted.
 *
 * Calls never overlap. While the callback's promise is pending, all ticks that
 * fall due become one, delivered right after it settles. A source that cannot
 * be read is `undefined` in that snapshot, and sampling goes on. Watches that
 * are due at the same time share one reading, at most 1 ms old; a watch with
 * `wakeOnPressure` has its own.
 *
 * An abort stops all sampling at once. The callback that is running then is
 * waited for, even if its promise never settles. If it fails because of the
 * abort, the watch resolves, and `onPanic` is not called. An error counts as
 * such if it is the signal's `reason` itself (`fetch` rejects with that), or an
 * AbortError whose `cause` is the signal's `reason` (as `node:timers/promises`
 * creates it). Any other error is handled as before the abort.
 *
 * ```ts
 * import { MiB, watch } from "@x/memctl";
 *
 * const stop = new AbortController();
 * await watch({ interval: 2_000, immediate: true, signal: stop.signal }, (info) => {
 *   const headroom = info.headroom();
 *   if (headroom !== undefined && headroom < 64 * MiB) console.warn(`low: ${info}`);
 *   stop.abort(); // a service would watch for as long as it runs
 * });
 * ```
 *
 * @param options When to sample, and what ends it.
 * @param callback Called with each snapshot; keep it short.
 * @returns A promise that resolves after an abort, once a running callback has
 * settled and everything is released.
 * @throws {TypeError} (as a rejection) If an option or the callback is of the wrong type.
 * @throws {RangeError} (as a rejection) If `interval` is not above 0 and at most 2³¹−1, or
 * another option has an unknown value.
 * @since 0.1.0
 */
export function watch(options: WatchOptions, callback: WatchCallback): Promise<void> {
  // What the executor throws becomes the rejection.
  return new Promise((resolve, reject) => {
    const settings = readWatchOptions(options);
    checkFunction("callback", callback);
    new Watching(settings, callback, resolve, reject).start();
  });
}

/**
 * One running watch: idle, or in one turn (sample, then callback, then perhaps
 * onPanic). Ticks that fall due during a turn are counted and become the next.
 */
export class Watching {
  readonly #settings: WatchSettings;
  readonly #callback: WatchCallback;
  readonly #resolve: () => void;
  readonly #reject: (reason: unknown) => void;
  readonly #signal: AbortSignal;
  #sampler: Sampler | undefined;
  #stopTicks: () => void = () => {};
  /** The interval that ticks keep; NaN, which equals nothing: none yet. */
  #interval = NaN;
  #stopWakes: (() => void) | undefined;
  #due = 0;
  /** Whether the kernel's notice is among what is due. */
  #woken = false;
  #wokenAt = -Infinity;
  #turn: "none" | "sampling" | "calling" = "none";
  #released = false;
  #settled = false;

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
    this.#signal = settings.signal;
  }

  start(): void {
    const { sampler, sampling, minGap, immediate } = this.#settings;
    if (this.#signal.aborted) return this.#resolve();
    // A shared reading may be older than the event that it should show.
    const open = minGap === undefined ? openSharedSampler : openSampler;
    this.#sampler = sampler ?? open(sampling);
    this.#signal.addEventListener("abort", this.stop);
    try {
      this.#pace(undefined);
    } catch (error) {
      return this.#end(() => this.#reject(error));
    }
    this.#listen();
    if (immediate) this.#take("immediate", 0);
  }

  /** Ends the watch; a callback that runs is waited for, a pending snapshot is not. */
  readonly stop = (): void => {
    if (this.#turn === "calling") this.#release();
    else this.#end(this.#resolve);
  };

  /** Ticks at the interval that fits this snapshot. */
  #pace(info: MemInfo | undefined): void {
    const { clock, interval: wanted, unref } = this.#settings;
    const interval = typeof wanted === "function" ? wanted(info) : wanted;
    if (interval === this.#interval) return;
    checkInterval(interval);
    this.#interval = interval;
    this.#stopTicks();
    this.#stopTicks = clock.every(interval, this.#onTick, unref);
  }

  #listen(): void {
    const { clock, minGap, unref } = this.#settings;
    if (minGap === undefined) return;
    this.#stopWakes = this.#sampler!.onPressure?.(() => {
      const now = clock.now();
      if (this.#released || now - this.#wokenAt < minGap) return;
      this.#wokenAt = now;
      this.#woken = true;
      this.#due++;
      this.#takeDue();
    }, unref);
  }

  readonly #onTick = (): void => {
    if (this.#released) return;
    this.#due++;
    this.#takeDue();
  };

  /** Takes what is due, all of it in one turn, unless a turn is under way. */
  #takeDue(): void {
    if (this.#due === 0 || this.#turn !== "none") return;
    const coalesced = this.#due - 1;
    const cause = this.#woken ? "pressure" : "tick";
    this.#due = 0;
    this.#woken = false;
    this.#take(cause, coalesced);
  }

  #take(cause: WatchCause, coalesced: number): void {
    this.#turn = "sampling";
    let info: MemInfo | Promise<MemInfo>;
    try {
      info = this.#sampler!.sample();
    } catch (error) {
      return this.#panic(error);
    }
    const pending = adopt(info);
    if (pending === undefined) return this.#call(info as MemInfo, cause, coalesced);
    pending.then((value) => {
      if (!this.#settled) this.#call(value, cause, coalesced);
    }, (reason) => {
      if (!this.#settled) this.#panic(reason);
    });
  }

  #call(info: MemInfo, cause: WatchCause, coalesced: number): void {
    this.#turn = "calling";
    let result: unknown;
    try {
      this.#pace(info);
      result = this.#callback(info, { signal: this.#signal, coalesced, cause });
    } catch (error) {
      return this.#panic(error);
    }
    this.#await(result, (reason) => this.#panic(reason));
  }

  #panic(reason: unknown): void {
    this.#turn = "calling";
    if (isAbortOf(this.#signal, reason)) return this.#turnOver();
    const { onPanic } = this.#settings;
    if (onPanic === undefined) return this.#end(() => this.#reject(reason));
    let result: unknown;
    try {
      result = onPanic(reason);
    } catch (error) {
      return this.#end(() => this.#reject(error));
    }
    this.#await(result, (error) => this.#end(() => this.#reject(error)));
  }

  /** Ends the turn when `result` settles: now, if it is not a thenable. */
  #await(result: unknown, onRejected: (reason: unknown) => void): void {
    const pending = adopt(result);
    if (pending === undefined) this.#turnOver();
    else pending.then(() => this.#turnOver(), onRejected);
  }

  #turnOver(): void {
    this.#turn = "none";
    if (this.#released) this.#end(this.#resolve);
    else this.#takeDue();
  }

  #end(settle: () => void): void {
    this.#release();
    if (this.#settled) return;
    this.#settled = true;
    settle();
  }

  #release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#stopTicks();
    this.#stopWakes?.();
    this.#signal.removeEventListener("abort", this.stop);
    if (this.#settings.sampler === undefined) this.#sampler?.close();
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
