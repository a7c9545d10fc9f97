// The metrics of a watchdog and of a load shedder, by the shape of their
// handles: this module loads neither.

import { counter, type Figure, gauge } from "./figures.ts";

/**
 * The part of a `Watchdog` of `@x/memctl/watchdog` that becomes metrics.
 *
 * @since 0.1.0
 */
export interface WatchdogFigures {
  /** `"running"`, or why it is not. */
  readonly state: string;
  /** Its limit in bytes; `undefined` if it is unknown. */
  readonly limit: number | undefined;
  /** What it has done so far. */
  readonly counters: {
    /** Garbage collections that it forced. */
    readonly forced: number;
    /** Forced garbage collections that freed next to nothing. */
    readonly ineffective: number;
    /** Garbage collections that the rate limit held back. */
    readonly held: number;
    /** Bytes that forced garbage collections freed. */
    readonly bytesFreed: number;
    /** Milliseconds that forced garbage collections took. */
    readonly timeSpent: number;
  };
}

/**
 * The part of a `LoadShedder` of `@x/memctl/http` that becomes metrics.
 *
 * @since 0.1.0
 */
export interface ShedderFigures {
  /** Requests in flight. */
  readonly inFlight: number;
  /** Requests that were admitted so far. */
  readonly admitted: number;
  /** Requests that were rejected so far. */
  readonly rejected: number;
  /** Requests that were not released in time so far. */
  readonly expired: number;
  /** Why no request is admitted but trials; `undefined`: some are. */
  readonly closedBy: string | undefined;
}

/** What a watchdog had done at one moment. */
export interface WatchdogReading {
  readonly running: boolean;
  readonly limit: number | undefined;
  readonly counters: WatchdogFigures["counters"];
}

/** Reads a watchdog once for all its metrics. */
export function readWatchdog({ state, limit, counters }: WatchdogFigures): WatchdogReading {
  return { running: state === "running", limit, counters };
}

/** Reads a shedder once for all its metrics. */
export function readShedder(shedder: ShedderFigures): ShedderFigures {
  const { inFlight, admitted, rejected, expired, closedBy } = shedder;
  return { inFlight, admitted, rejected, expired, closedBy };
}

/** The figures of a watchdog. */
export const WATCHDOG_FIGURES: readonly Figure<WatchdogReading>[] = [
  gauge(
    "watchdog_running",
    "Whether the watchdog runs: 1, or 0.",
    "min",
    ({ running }) => Number(running),
  ),
  gauge("watchdog_limit_bytes", "Limit that the watchdog works with.", "max", ({ limit }) => limit),
  counter("gc_forced_total", "Forced garbage collections.", ({ counters }) => counters.forced),
  counter(
    "gc_ineffective_total",
    "Forced garbage collections that freed next to nothing.",
    ({ counters }) => counters.ineffective,
  ),
  counter(
    "gc_held_total",
    "Garbage collections that the rate limit held back.",
    ({ counters }) => counters.held,
  ),
  counter(
    "gc_forced_seconds_total",
    "Time that forced garbage collections took.",
    ({ counters }) => counters.timeSpent / 1_000,
  ),
  counter(
    "gc_freed_bytes_total",
    "Memory that forced garbage collections freed.",
    ({ counters }) => counters.bytesFreed,
  ),
];

/** The figures of a load shedder. */
export const SHEDDER_FIGURES: readonly Figure<ShedderFigures>[] = [
  gauge(
    "shedder_closed",
    "Whether the load shedder admits no request but trials: 1, or 0.",
    "max",
    ({ closedBy }) => Number(closedBy !== undefined),
  ),
  gauge("requests_in_flight", "Requests in flight.", "sum", ({ inFlight }) => inFlight),
  counter("requests_admitted_total", "Requests admitted.", ({ admitted }) => admitted),
  counter("requests_rejected_total", "Requests rejected.", ({ rejected }) => rejected),
  counter(
    "requests_expired_total",
    "Requests that were not released in time.",
    ({ expired }) => expired,
  ),
];
