import type { Clock } from "../clock.ts";
import type { MemInfo } from "../mem_info.ts";
import type { SamplerSource } from "../sampler.ts";
import type { Size } from "../size.ts";
import type { Closing } from "./closing.ts";
import type { RetirableServer } from "./servers.ts";

/**
 * Retires when headroom is low for a time: that of the container or the host, or
 * that of the engine's heap.
 *
 * @since 0.1.0
 */
export interface RetireLevel {
  /**
   * Low is headroom below this: bytes, or a share such as `"5%"`. A share is the
   * part of the cgroup's limit that is left, or of host memory if there is no
   * limit, and for the heap the part of its limit. Default: `"5%"`.
   */
  headroom?: Size | undefined;
  /** Milliseconds for which each sample must be low. Default: 10,000. */
  for?: number | undefined;
}

/**
 * Retires when memory lasts for a few seconds only, at the rate at which it shrinks.
 *
 * @since 0.1.0
 */
export interface RetireTrend {
  /** Seconds until headroom is 0. Default: 20. */
  secondsLeft?: number | undefined;
  /**
   * Milliseconds to look back. Headroom must shrink at that rate over all of
   * this time and in its last quarter, for a quarter of this time. Default: 10,000.
   */
  over?: number | undefined;
  /**
   * Only while headroom is below this: bytes, or a share as in `level`. A cache
   * that is being filled shrinks headroom as fast, and stops. Default: `"20%"`.
   */
  headroom?: Size | undefined;
}

/**
 * Retires when the forced garbage collections of a watchdog free next to nothing.
 *
 * @since 0.1.0
 */
export interface RetireIneffective {
  /** A running watchdog of `@x/memctl/watchdog`. */
  watchdog: CollectingWatchdog;
  /** Only while headroom is below this: bytes, or a share as in `level`. Default: `"10%"`. */
  headroom?: Size | undefined;
  /**
   * Milliseconds since the first of two or more consecutive forced collections
   * that all freed next to nothing. Default: 30,000.
   */
  for?: number | undefined;
}

/**
 * The part of a `Watchdog` of `@x/memctl/watchdog` that is read.
 *
 * @since 0.1.0
 */
export interface CollectingWatchdog {
  /** What it has done so far. */
  readonly counters: {
    /** Garbage collections that it forced. */
    readonly forced: number;
    /** Forced garbage collections that freed next to nothing. */
    readonly ineffective: number;
  };
}

/**
 * Why a process retires.
 *
 * @since 0.1.0
 */
export interface RetireReason {
  /** The rule that applied, `"signal"` for a signal, or `"call"` for `Retirement.begin()`. */
  readonly cause: "level" | "trend" | "ineffective" | "signal" | "call";
  /** The reason in words, for logs. */
  readonly detail: string;
  /**
   * What is short: the memory of the container or the host, or the heap of the
   * engine. `undefined` for `"signal"` and `"call"`.
   */
  readonly ceiling: "memory" | "heap" | undefined;
  /** The snapshot that decided; `undefined` for `"signal"` and `"call"`. */
  readonly info: MemInfo | undefined;
}

/**
 * Lets one process at a time retire. {@linkcode turnFolder} makes one.
 *
 * @since 0.1.0
 */
export interface Turns {
  /**
   * Asks whether this process may retire now. After `false` it is called again
   * at the next sample, while the reason lasts.
   *
   * @param within Milliseconds after which this process has ended at the latest.
   */
  take(within: number): boolean | Promise<boolean>;
  /** Tells that this process is up, so that the one that it replaces no longer counts. */
  up(): unknown;
}

/**
 * Options of `retire`: when, in which order, and what to sample. `retire()`
 * reads each of them once. The default `usage` is `"workingSet"`.
 *
 * @since 0.1.0
 */
export type RetireOptions = RetireRules & SamplerSource<"usage" | "adapter" | "root" | "limit">;

/**
 * The options of `retire` except those of the memory that it samples.
 *
 * @since 0.1.0
 */
export interface RetireRules {
  /** Retires when headroom stays low. `false`: never for that. Default: `{}`. */
  level?: RetireLevel | false | undefined;
  /** Retires when headroom lasts for seconds only. `false`: never for that. Default: `{}`. */
  trend?: RetireTrend | false | undefined;
  /** Retires when forced garbage collections do not help. Default: `false`. */
  ineffective?: RetireIneffective | false | undefined;
  /** Milliseconds after `retire()` in which memory is no reason to retire. Default: 10,000. */
  minUptime?: number | undefined;
  /** Milliseconds between two samples. Default: 500. */
  interval?: number | undefined;
  /**
   * Collects all garbage, and returns free pages where the runtime can. Called
   * before memory becomes a reason to retire; another sample must then confirm
   * it. `false` collects nothing. Default: the function of the runtime.
   */
  gc?: (() => unknown) | false | undefined;
  /**
   * Lets one process at a time retire: a folder that the processes of one
   * container share, as in {@linkcode turnFolder}, or an object of your own.
   * Default: each process decides by itself.
   */
  turns?: string | Turns | undefined;
  /**
   * Signals that retire this process, without a turn. A second signal ends all
   * waiting. Default: `["SIGTERM"]`.
   */
  signals?: readonly string[] | undefined;
  /** Servers to drain. `Retirement.add()` adds more. Default: none. */
  servers?: readonly RetirableServer[] | undefined;
  /**
   * What to close after the servers, in this order: functions, or objects with
   * one of `Symbol.asyncDispose`, `Symbol.dispose`, `close()`, `stop()`,
   * `destroy()` and `terminate()`. Default: nothing.
   */
  closing?: readonly Closing[] | undefined;
  /**
   * Milliseconds for which readiness fails while every request is still
   * answered, with `Connection: close`. It must be longer than load balancers
   * take to notice. Default: 5,000.
   */
  grace?: number | undefined;
  /** Milliseconds after that for requests in flight. Default: 10,000. */
  deadline?: number | undefined;
  /** Milliseconds after that for everything in `closing` together. Default: 5,000. */
  closingTimeout?: number | undefined;
  /** Exit code if memory, or `begin()`, is the reason. Default: 75. */
  exitCode?: number | undefined;
  /** Exit code if a signal is the reason. Default: 0. */
  signalExitCode?: number | undefined;
  /** Ends the process. Default: `process.exit`. */
  exit?: ((code: number) => unknown) | undefined;
  /** Called when retiring begins, before readiness fails. It is not awaited. */
  onRetiring?: ((reason: RetireReason) => unknown) | undefined;
  /** Called with each error of a hook, a server, a sampler or a turn. Retiring goes on. */
  onError?: ((error: unknown) => unknown) | undefined;
  /** Stops it when aborted, as `Retirement.stop()` does. */
  signal?: AbortSignal | undefined;
  /** Measures time. Default: the global `setInterval`. */
  clock?: Clock | undefined;
}
