import type { MemInfo } from "../mem_info.ts";
import type { Scope } from "../scope.ts";

/** A usage and its limit, in bytes. */
export interface Reading {
  used: number;
  limit: number;
}

/** The figure of a snapshot that a watchdog follows. */
export interface Gauge {
  readonly scope: Scope;
  /** `undefined` if the snapshot does not have it. */
  read(info: MemInfo): Reading | undefined;
}

/** Heap in use against a limit of the caller's. */
export function heapGauge(limit: number): Gauge {
  return {
    scope: "heap",
    read: ({ heapUsed }) => heapUsed === undefined ? undefined : { used: heapUsed, limit },
  };
}

/** The container's memory against its limit, which may change. */
export const cgroupGauge: Gauge = {
  scope: "cgroup",
  read({ cgroupLimit, cgroupCurrent, cgroupWorkingSet }) {
    const used = cgroupWorkingSet ?? cgroupCurrent;
    if (used === undefined || cgroupLimit === undefined || cgroupLimit === Infinity) {
      return undefined;
    }
    return { used, limit: cgroupLimit };
  },
};

/** Host memory against a limit, or all of it. */
export function systemGauge(limit: number | undefined): Gauge {
  return {
    scope: "system",
    read({ systemTotal, systemAvailable }) {
      if (systemTotal === undefined || systemAvailable === undefined) return undefined;
      return { used: systemTotal - systemAvailable, limit: limit ?? systemTotal };
    },
  };
}

/** The same where the limit may turn out to be above host memory, which then counts instead. */
export const statedGauge: Gauge = {
  scope: "cgroup",
  read: (info) => cgroupGauge.read(info) ?? systemGauge(undefined).read(info),
};

/**
 * Bytes that this isolate's heap gave back between two snapshots. Usage of the
 * process or the container counts only where the heap's figures are unknown:
 * other isolates and processes move it too. Objects, strings and buffers all
 * show in one of the heap's figures, in Deno, Bun and Node.
 */
export function freedBetween(before: MemInfo, after: MemInfo, gauge: Gauge): number {
  const heapUsed = (before.heapUsed ?? NaN) - (after.heapUsed ?? NaN);
  const runtimeTotal = (before.runtimeTotal ?? NaN) - (after.runtimeTotal ?? NaN);
  if (!Number.isNaN(heapUsed) || !Number.isNaN(runtimeTotal)) {
    return Math.max(0, heapUsed || 0, runtimeTotal || 0);
  }
  return Math.max(0, (gauge.read(before)?.used ?? NaN) - (gauge.read(after)?.used ?? NaN) || 0);
}
