// How much memory is left below each ceiling.

import type { Tightest } from "./mem_info_types.ts";

/** The figures of a snapshot that ceilings are made of, in bytes. */
export interface MemoryFigures {
  readonly systemAvailable: number | undefined;
  readonly processRss: number | undefined;
  readonly heapUsed: number | undefined;
  readonly heapLimit: number | undefined;
  readonly cgroupCurrent: number | undefined;
  /** `Infinity`: there is no limit. */
  readonly cgroupLimit: number | undefined;
  readonly cgroupWorkingSet: number | undefined;
}

/** Bytes until something gives way, as `MemInfo.headroom()` documents it. */
export function headroomOf(figures: MemoryFigures): number | undefined {
  const { cgroupLimit: limit, systemAvailable: available } = figures;
  if (limit === undefined || limit === Infinity) return available;
  const left = cgroupHeadroom(figures);
  if (left !== undefined || available === undefined) return left;
  // The cgroup uses at least what this process does.
  return Math.min(available, Math.max(0, limit - (figures.processRss ?? 0)));
}

/** The nearest of the ceilings that are known. */
export function tightestOf(figures: MemoryFigures): Tightest | undefined {
  let least: Tightest | undefined;
  const consider = (signal: Tightest["signal"], bytes: number | undefined) => {
    if (bytes === undefined) return;
    if (least === undefined || bytes < least.bytes) least = { signal, bytes };
  };
  if (figures.cgroupLimit !== Infinity) consider("cgroup", cgroupHeadroom(figures));
  consider("system", figures.systemAvailable);
  consider("heap", left(figures.heapLimit, figures.heapUsed));
  return least;
}

function cgroupHeadroom(figures: MemoryFigures): number | undefined {
  return left(figures.cgroupLimit, figures.cgroupWorkingSet ?? figures.cgroupCurrent);
}

function left(limit: number | undefined, usage: number | undefined): number | undefined {
  if (limit === undefined || usage === undefined) return undefined;
  return Math.max(0, limit - usage);
}
