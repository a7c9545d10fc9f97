// The plain data around a MemInfo.

import type { Scope } from "./scope.ts";

/**
 * One line of Linux's pressure stall information: how much of the time tasks
 * waited for memory.
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
  /** Microseconds since the start. */
  readonly total: number;
}

/**
 * Memory pressure as Linux measures it, of the process's cgroup or else of the
 * machine.
 *
 * @since 0.1.0
 */
export interface MemoryPressure {
  /** At least one task waited. */
  readonly some: PressureFigures;
  /** All tasks that had work waited. */
  readonly full: PressureFigures;
}

/**
 * What a {@linkcode MemInfo} is made from: one number for each signal that
 * could be read, in bytes. A signal that is left out is unavailable.
 *
 * @since 0.1.0
 */
export interface MemInfoInit {
  /** When the snapshot was taken, in milliseconds since the epoch. Default: now. */
  at?: number | undefined;
  /** Memory that new work can have without swapping, for the whole machine. */
  systemAvailable?: number | undefined;
  /** Memory of the whole machine. */
  systemTotal?: number | undefined;
  /** Resident set of this process. */
  processRss?: number | undefined;
  /** What the JavaScript engine holds: committed heap and external memory. */
  runtimeTotal?: number | undefined;
  /** Heap in use: what is live, and garbage that is not collected yet. */
  heapUsed?: number | undefined;
  /** The engine's own ceiling for the heap. */
  heapLimit?: number | undefined;
  /** Memory charged to the cgroup level that binds. */
  cgroupCurrent?: number | undefined;
  /** Hard limit of the cgroup level that binds; `Infinity`: there is no limit. */
  cgroupLimit?: number | undefined;
  /** `cgroupCurrent` less the page cache that goes first (inactive files). */
  cgroupWorkingSet?: number | undefined;
  /** Memory pressure of the cgroup, or else of the machine. */
  pressure?: MemoryPressure | undefined;
}

/**
 * The ceiling that is nearest, by name, and how far away it is in bytes.
 *
 * @since 0.1.0
 */
export interface Tightest {
  /** Which ceiling: the container's, the machine's, or the engine's heap limit. */
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
  /** `true` beside `cgroupLimit: null`; absent otherwise. */
  cgroupUnlimited?: true;
  /** See {@linkcode MemInfo.cgroupWorkingSet}. */
  cgroupWorkingSet?: number;
  /** See {@linkcode MemInfo.pressure}. */
  pressure?: MemoryPressure;
  /** The result of {@linkcode MemInfo.headroom}. */
  headroom?: number;
}
