// How the memory of one process is divided.

import { MiB } from "../bytes.ts";
import { MemInfo } from "../mem_info.ts";
import { linearBudget } from "../policy/linear_budget.ts";
import { MEASURED, type PlannedRuntime } from "./measured.ts";
import type { ReadOptions } from "./options.ts";

/** The parts of one process. Sizes are bytes. */
export interface Division {
  /** Limit of the old generation of the main thread and of each worker. */
  readonly heap: number;
  /** 0 for Bun, whose engine has none. */
  readonly semiSpace: number;
  readonly workers: number;
}

/** V8 has up to three semi-spaces: two for objects, one to copy into. */
export const SEMI_SPACES = 3;
const SMALLEST_SEMI_SPACE = 1 * MiB;
const LARGEST_SEMI_SPACE = 16 * MiB;
/** Part of an isolate's memory that one semi-space takes. */
const SEMI_SPACE_SHARE = 1 / 64;

/** Divides the memory of one process; `undefined`: it is too little. */
export function divide(
  share: number,
  runtime: PlannedRuntime,
  options: ReadOptions,
): Division | undefined {
  const { base, worker, launcher, leastHeap, heapShare } = MEASURED[runtime];
  const left = share - base - options.buffers - options.launchers * launcher;
  const workers = workersOf(left, runtime, options);
  if (workers === undefined) return undefined;
  const each = (left - workers * worker) / (1 + workers);
  const semiSpace = runtime === "bun" ? 0 : semiSpaceOf(each);
  const heap = Math.floor((each - SEMI_SPACES * semiSpace) * heapShare / MiB) * MiB;
  if (heap < leastHeap) return undefined;
  if (workers > 0 && heap < options.workerBytes) return undefined;
  return { heap, semiSpace, workers };
}

/** The smallest memory of one process that can be divided, in whole MiB. */
export function leastShare(runtime: PlannedRuntime, options: ReadOptions): number {
  let low = 0;
  let high = 1;
  while (divide(high * MiB, runtime, options) === undefined) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (divide(middle * MiB, runtime, options) === undefined) low = middle;
    else high = middle;
  }
  return high * MiB;
}

/** How many workers there are to be; `undefined`: not one fits. */
function workersOf(
  left: number,
  runtime: PlannedRuntime,
  { workers, workerBytes, cores }: ReadOptions,
): number | undefined {
  if (workers !== "fit") return workers;
  const { worker, leastHeap, heapShare } = MEASURED[runtime];
  // What an isolate must have for a heap of that size, and a semi-space of the share of all.
  const isolate = (heap: number) => heap / heapShare / (1 - SEMI_SPACES * SEMI_SPACE_SHARE);
  const costPerWorker = isolate(Math.max(workerBytes, leastHeap) + MiB) + worker;
  // The main thread gets as much heap as a worker, because V8's flags hold for each.
  const headroom = left - costPerWorker + worker;
  if (headroom < costPerWorker) return undefined;
  return linearBudget({ costPerWorker, fraction: 1, cores })(
    new MemInfo({ systemAvailable: headroom }),
  );
}

/** A power of two. */
function semiSpaceOf(memory: number): number {
  const size = 2 ** Math.floor(Math.log2(memory * SEMI_SPACE_SHARE));
  // NaN, of a memory below 0, is not above the smallest.
  return size > SMALLEST_SEMI_SPACE ? Math.min(size, LARGEST_SEMI_SPACE) : SMALLEST_SEMI_SPACE;
}
