import { checkFunction } from "./check.ts";
import type { MemInfo } from "./mem_info.ts";
import { readWatchOptions, type WatchOptions } from "./watch_options.ts";
import { Watching } from "./watching.ts";

/**
 * Why a snapshot was taken: at entry, because a tick fell due, or because the
 * kernel reported pressure.
 *
 * @since 0.1.0
 */
export type WatchCause = "immediate" | "tick" | "pressure";

/**
 * The second argument of a callback.
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
 * Samples memory every `interval` milliseconds and passes each snapshot to the
 * callback, until the signal is aborted.
 *
 * Calls never overlap. While the callback's promise is pending, all ticks that
 * fall due become one, delivered right after the promise settles. A source that
 * cannot be read is `undefined` in that snapshot, and sampling goes on. Watches
 * that are due at the same time share one sample, at most 1 ms old. A watch
 * with `wakeOnPressure` takes its own.
 *
 * An abort stops all sampling at once. The callback that is running then is
 * waited for, even if its promise never settles. If it fails because of the
 * abort, the watch resolves, and `onPanic` is not called. An error counts as
 * such if it is the signal's `reason` itself (`fetch` rejects with that), or an
 * AbortError whose `cause` is the signal's `reason` (as `node:timers/promises`
 * creates it). Any other error is handled as before the abort. The same holds
 * for an interval function, and for an injected sampler that aborts and throws.
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
 * settled and everything is released. Rejects with the error of the callback,
 * of the interval function or of an injected sampler if there is no `onPanic`,
 * and with the error of `onPanic`, or of an injected `clock` or `onPressure()`,
 * in any case.
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
