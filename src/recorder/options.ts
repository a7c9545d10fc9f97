import {
  checkInterval,
  checkNumber,
  checkObject,
  checkOptionalBoolean,
  checkOptionalFunction,
  checkOptionalMethod,
  checkOptionalShape,
  checkOptionalSignal,
  show,
} from "../check.ts";
import { KiB, MiB } from "../bytes.ts";
import type { Clock } from "../clock.ts";
import { systemClock } from "../host/sampling.ts";
import type { SamplerSource } from "../sampler.ts";
import { readSamplerSource, type SourceSettings } from "../sampler_source.ts";
import { MAX_FILE_SIZE, SLOT_SIZE, SLOTS_AT } from "./layout.ts";
import type { RecordedRun } from "./run.ts";

/**
 * Options of {@linkcode recorder}: where and when to record
 * ({@linkcode RecorderRules}), and what to sample or the sampler that does
 * ({@linkcode SamplerSource}). The recorder reads each of them once, at the start.
 *
 * The default `usage` is `"workingSet"`, because page cache kills nobody.
 *
 * @since 0.1.0
 */
export type RecorderOptions = RecorderRules & SamplerSource<"usage" | "adapter" | "root" | "limit">;

/**
 * The part of a `Watchdog` of `@x/memctl/watchdog` that is recorded.
 *
 * @since 0.1.0
 */
export interface RecordedWatchdog {
  /** What it has done so far. */
  readonly counters: {
    /** Garbage collections that it forced. */
    readonly forced: number;
    /** Bytes that they freed. */
    readonly bytesFreed: number;
  };
}

/**
 * The part of a `LoadShedder` of `@x/memctl/http` that is recorded.
 *
 * @since 0.1.0
 */
export interface RecordedShedder {
  /** The level of shortage. */
  readonly level: string;
  /** Requests in flight. */
  readonly inFlight: number;
  /** Requests rejected so far. */
  readonly rejected: number;
}

/**
 * The options of a recorder besides what it samples.
 *
 * @since 0.1.0
 */
export interface RecorderRules {
  /**
   * The file. Its folder must exist. Each process needs a file of its own, on a
   * volume that outlives the process.
   */
  file: string;
  /** Size of the file in bytes, 64 KiB to 64 MiB. A sample takes 256. Default: 1 MiB. */
  size?: number | undefined;
  /**
   * Milliseconds between two samples, or `false`: the recorder takes none by
   * itself, and you call `sample()`. Default: 1,000.
   */
  interval?: number | false | undefined;
  /** A watchdog, whose forced garbage collections are recorded. Default: none. */
  watchdog?: RecordedWatchdog | undefined;
  /** A load shedder, whose levels, rejections and requests in flight are recorded. Default: none. */
  shedder?: RecordedShedder | undefined;
  /**
   * Called once, soon after the start, with the run before if the file has one;
   * `run.end` says how it ended.
   */
  onPreviousEnd?: ((run: RecordedRun) => unknown) | undefined;
  /**
   * Called when recording fails, once until it works again, and with an error of
   * `onPreviousEnd`. Recording never throws.
   */
  onError?: ((error: unknown) => unknown) | undefined;
  /** Stops the recorder when aborted. If it is aborted already, nothing is recorded. */
  signal?: AbortSignal | undefined;
  /** Lets the process exit while the recorder samples. Default: `true`. */
  unref?: boolean | undefined;
  /** Makes the ticks. Default: the global `setInterval`. */
  clock?: Clock | undefined;
}

/** The options, checked and with their defaults. */
export interface RecorderSettings extends SourceSettings {
  readonly file: string;
  readonly size: number;
  readonly interval: number | false;
  readonly watchdog: RecordedWatchdog | undefined;
  readonly shedder: RecordedShedder | undefined;
  readonly onPreviousEnd: RecorderRules["onPreviousEnd"];
  readonly onError: RecorderRules["onError"];
  readonly signal: AbortSignal | undefined;
  readonly unref: boolean;
  readonly clock: Clock;
}

const MIN_FILE_SIZE: number = 64 * KiB;

/**
 * Reads each option once, and checks it.
 *
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {RangeError} If an option is out of range or has an unknown value.
 */
export function readRecorderOptions(options: RecorderOptions): RecorderSettings {
  checkObject("options", options);
  const source = readSamplerSource(options, { usage: "workingSet" });
  const { file, size = MiB, interval = 1_000, watchdog, shedder } = options;
  const { onPreviousEnd, onError, signal, unref = true, clock = systemClock } = options;
  checkFile(file);
  checkNumber(
    "size",
    size,
    "a number of bytes",
    `a whole number from ${MIN_FILE_SIZE} to ${MAX_FILE_SIZE} bytes`,
    (value) => Number.isInteger(value) && value >= MIN_FILE_SIZE && value <= MAX_FILE_SIZE,
  );
  if (interval !== false) checkInterval(interval);
  checkOptionalShape("watchdog", watchdog, "counters", "a Watchdog");
  checkOptionalShape("shedder", shedder, "rejected", "a LoadShedder");
  checkOptionalFunction("onPreviousEnd", onPreviousEnd);
  checkOptionalFunction("onError", onError);
  checkOptionalSignal("signal", signal);
  checkOptionalBoolean("unref", unref);
  checkOptionalMethod("clock", clock, "every");
  return {
    ...source,
    file,
    size: size - (size - SLOTS_AT) % SLOT_SIZE,
    interval,
    watchdog,
    shedder,
    onPreviousEnd,
    onError,
    signal,
    unref,
    clock,
  };
}

/** Throws unless `value` is a path. */
export function checkFile(value: unknown): asserts value is string {
  if (typeof value !== "string") {
    throw new TypeError(`'file' must be a path: current value is ${show(value)}`);
  }
  if (value === "") throw new RangeError(`'file' must not be empty: current value is ""`);
}
