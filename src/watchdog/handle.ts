import type { Scope } from "../scope.ts";
import type { DisableEvent, WatchdogCounters } from "./events.ts";

/**
 * A running watchdog.
 *
 * @since 0.1.0
 */
export interface Watchdog extends Disposable, AsyncDisposable {
  /** Which memory it follows. */
  readonly scope: Scope;
  /** The last limit in bytes; `undefined` before the first sample. */
  readonly limit: number | undefined;
  /** Whether it runs, was disabled because something threw or rejected, or was stopped. */
  readonly state: "running" | "disabled" | "stopped";
  /**
   * Whether it sets how far the engine's heap may grow. `heapDriven` does that in
   * Node while the process has no workers.
   */
  readonly steers: boolean;
  /**
   * Why it is disabled. If the report of that failed too, or something was
   * rejected later, `reason` is an AggregateError of both.
   */
  readonly failure: DisableEvent | undefined;
  /** A copy of its counters. */
  readonly counters: WatchdogCounters;
  /** Stops it and restores what it changed. Stopping twice is harmless. */
  stop(): void;
}

/** Counters of a watchdog that has done nothing. */
const NO_COUNTERS: WatchdogCounters = {
  fired: 0,
  requested: 0,
  forced: 0,
  seen: 0,
  ineffective: 0,
  held: 0,
  waited: 0,
  bytesFreed: 0,
  timeSpent: 0,
  snapshots: 0,
  snapshotsSkipped: 0,
  evidence: 0,
  evidenceFailed: 0,
  returns: 0,
  bytesReturned: 0,
};

/** The watchdog of a signal that was aborted before the start. It holds nothing open. */
export function stoppedWatchdog(scope: Scope): Watchdog {
  return {
    scope,
    limit: undefined,
    state: "stopped",
    steers: false,
    failure: undefined,
    get counters() {
      return { ...NO_COUNTERS };
    },
    stop() {},
    [Symbol.dispose]() {},
    async [Symbol.asyncDispose]() {},
  };
}
