// The plain data around a MemInfo.

import type { Scope } from "./scope.ts";

/**
 * One line of Linux's pressure stall information (PSI): the share of time that
 * tasks waited for memory.
 *
 * @since 0.1.0
 */
export interface PressureFigures {
  /** Percent of the last 10 seconds. */
  readonly avg10: number;
  /** Percent of the last 60 seconds. */
  readonly avg60: number;
  /** Percent of the last 300 seconds. */
  readonly avg300: number;
  /** Total waiting time since the start, in microseconds. */
  readonly total: number;
}

/**
 * Memory pressure (PSI) of the process's cgroup, or else of the host.
 *
 * @since 0.1.0
 */
export interface MemoryPressure {
  /** Time during which at least one task waited for memory. */
  readonly some: PressureFigures;
  /** Time during which all tasks that had work waited for memory. */
  readonly full: PressureFigures;
}

/**
 * The values of a {@linkcode MemInfo}. All sizes are bytes. A signal that is
 * absent is unavailable.
 *
 * @since 0.1.0
 */
export interface MemInfoInit {
  /** When the snapshot was taken, in milliseconds since the epoch. Default: now. */
  at?: number | undefined;
  /** Host memory that new work can use without swapping. */
  systemAvailable?: number | undefined;
  /** Total host memory. */
  systemTotal?: number | undefined;
  /** Resident set (RSS) of this process. */
  processRss?: number | undefined;
  /** Memory that the JavaScript engine holds: committed heap and external memory. */
  runtimeTotal?: number | undefined;
  /** Heap in use: live objects, and garbage that is not collected yet. */
  heapUsed?: number | undefined;
  /** Heap limit of the JavaScript engine. */
  heapLimit?: number | undefined;
  /** Usage of the effective cgroup, page cache included. */
  cgroupCurrent?: number | undefined;
  /** Hard limit of the effective cgroup. `Infinity` means that there is no limit. */
  cgroupLimit?: number | undefined;
  /** `cgroupCurrent` less inactive page cache. */
  cgroupWorkingSet?: number | undefined;
  /** Memory pressure of the cgroup, or else of the host. */
  pressure?: MemoryPressure | undefined;
}

/**
 * The limit that is nearest.
 *
 * @since 0.1.0
 */
export interface Tightest {
  /** Which limit: the cgroup's, the host's memory, or the engine's heap limit. */
  signal: Scope;
  /** Bytes left below it; never negative. */
  bytes: number;
}

/**
 * A {@linkcode MemInfo} as plain data for JSON. Unavailable signals are absent.
 * `cgroupLimit: null`, always together with `cgroupUnlimited: true`, means
 * that there is no limit.
 *
 * @since 0.1.0
 */
export interface MemInfoJson {
  /** When the snapshot was taken, in milliseconds since the epoch. */
  at: number;
  /** See {@linkcode MemInfo.systemAvailable}. */
  systemAvailable?: number;
  /** See {@linkcode MemInfo.systemTotal}. */
  systemTotal?: number;
  /** See {@linkcode MemInfo.processRss}. */
  processRss?: number;
  /** See {@linkcode MemInfo.runtimeTotal}. */
  runtimeTotal?: number;
  /** See {@linkcode MemInfo.heapUsed}. */
  heapUsed?: number;
  /** See {@linkcode MemInfo.heapLimit}. */
  heapLimit?: number;
  /** See {@linkcode MemInfo.cgroupCurrent}. */
  cgroupCurrent?: number;
  /** See {@linkcode MemInfo.cgroupLimit}; `null`: there is no limit. */
  cgroupLimit?: number | null;
  /** `true` together with `cgroupLimit: null`; otherwise absent. */
  cgroupUnlimited?: true;
  /** See {@linkcode MemInfo.cgroupWorkingSet}. */
  cgroupWorkingSet?: number;
  /** See {@linkcode MemInfo.pressure}. */
  pressure?: MemoryPressure;
  /** The result of {@linkcode MemInfo.headroom}. */
  headroom?: number;
}
