import {
  checkInterval,
  checkNumber,
  checkOptionalBoolean,
  checkOptionalFunction,
  checkOptionalMethod,
  checkOptionalSignal,
} from "./check.ts";
import type { Clock } from "./clock.ts";
import { systemClock } from "./host/sampling.ts";
import type { MemInfo } from "./mem_info.ts";
import type { SamplerSource } from "./sampler.ts";
import { readSamplerSource, type SourceSettings } from "./sampler_source.ts";

/**
 * Options of {@linkcode watch}: when to sample and what ends it
 * ({@linkcode WatchControls}), and what to sample or the sampler that does
 * ({@linkcode SamplerSource}). The watch reads each of them once, at entry.
 * Changes to the object after the call have no effect.
 *
 * @since 0.1.0
 */
export type WatchOptions = WatchControls & SamplerSource;

/**
 * Options of {@linkcode watch} except those that say what to sample.
 *
 * @since 0.1.0
 */
export interface WatchControls {
  /**
   * Sampling period in milliseconds: above 0, at most 2,147,483,647.
   *
   * Or a function that returns the period. The watch calls it at entry with
   * `undefined`, and after each sample with the snapshot, before it calls the
   * callback. An error thrown by this function, or a period out of range, counts
   * as an error thrown by the callback. With `onPanic`, the watch then keeps its
   * current period. At entry there is no current period yet, so the watch samples
   * every 1,000 ms until the function returns a valid one.
   */
  interval: number | ((info: MemInfo | undefined) => number);
  /**
   * Takes the first sample at once. The first tick follows one interval later.
   * Default: `false`.
   */
  immediate?: boolean | undefined;
  /** Ends the watch when it is aborted. Default: the watch never ends. */
  signal?: AbortSignal | undefined;
  /**
   * Called with each error of the callback, of an interval function or of an
   * injected sampler. Sampling goes on at the next tick. Without `onPanic`, the
   * watch rejects with that error. The watch also rejects if `onPanic` itself
   * throws or rejects. Not called if the error only reports that `signal` was
   * aborted; see {@linkcode watch}. Default: none.
   */
  onPanic?: ((reason: unknown) => unknown) | undefined;
  /**
   * Also samples when the kernel reports that the cgroup has hit its limit or
   * throttle limit (memory.events of cgroup v2). The watch takes at most one such sample per `minGap` milliseconds
   * (default: 100). An event within the gap leads to one sample at the end of
   * the gap, unless the watch has sampled since the event. Where the kernel
   * reports no events, the watch relies on its ticks, and
   * `signals.pressureEvents` says why. In Deno with `unref` it relies on them
   * too, because Deno keeps the process alive while a file is watched. Default: `false`.
   */
  wakeOnPressure?: boolean | { minGap?: number | undefined } | undefined;
  /** Lets the process exit while this watch is running. Default: `false`. */
  unref?: boolean | undefined;
  /** The clock that makes the ticks. Default: the global `setInterval`. */
  clock?: Clock | undefined;
}

/** The options of a watch, checked and with their defaults. */
export interface WatchSettings extends SourceSettings {
  readonly interval: WatchOptions["interval"];
  readonly immediate: boolean;
  readonly signal: AbortSignal;
  readonly onPanic: WatchOptions["onPanic"];
  /** Milliseconds; `undefined`: the watch does not wake on pressure. */
  readonly minGap: number | undefined;
  readonly unref: boolean;
  readonly clock: Clock;
}

const DEFAULT_MIN_GAP = 100;

/**
 * Reads each option once, and checks it.
 *
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {RangeError} If an option is out of range or has an unknown value.
 */
export function readWatchOptions(options: WatchOptions): WatchSettings {
  const { sampler, sampling } = readSamplerSource(options);
  const { interval, immediate, unref, signal, onPanic, wakeOnPressure, clock } = options;
  if (typeof interval !== "function") checkInterval(interval);
  checkOptionalBoolean("immediate", immediate);
  checkOptionalBoolean("unref", unref);
  checkOptionalSignal("signal", signal);
  checkOptionalFunction("onPanic", onPanic);
  const minGap = readMinGap(wakeOnPressure);
  checkOptionalMethod("clock", clock, "every");
  return {
    interval,
    immediate: immediate ?? false,
    signal: signal ?? new AbortController().signal,
    onPanic,
    minGap,
    unref: unref ?? false,
    sampler,
    sampling,
    clock: clock ?? systemClock,
  };
}

function readMinGap(wakeOnPressure: WatchOptions["wakeOnPressure"]): number | undefined {
  if (typeof wakeOnPressure !== "object" || wakeOnPressure === null) {
    checkOptionalBoolean("wakeOnPressure", wakeOnPressure);
    return wakeOnPressure ? DEFAULT_MIN_GAP : undefined;
  }
  const { minGap = DEFAULT_MIN_GAP } = wakeOnPressure;
  checkNumber(
    "wakeOnPressure.minGap",
    minGap,
    "a number of milliseconds",
    "at least 0 milliseconds",
    (value) => value >= 0,
  );
  return minGap;
}
