// What a runtime takes besides its heap. Each figure was found by
// `deno task bench:smallest`; docs/benchmarks.md explains how.

import { MiB } from "../bytes.ts";

/**
 * A runtime that a plan is made for.
 *
 * @since 0.1.0
 */
export type PlannedRuntime = "deno" | "bun" | "node";

/** Every runtime, in the order in which a plan tells them. */
export const PLANNED_RUNTIMES: readonly PlannedRuntime[] = ["deno", "bun", "node"];

/** Figures of one runtime, in bytes. */
export interface Measured {
  /** What a process takes besides heap, young generation and buffers. */
  readonly base: number;
  /** The same of one worker thread. */
  readonly worker: number;
  /** What a process takes that only starts another: npm, `bun run SCRIPT`, `deno task`. */
  readonly launcher: number;
  /** The smallest heap in which a program of any use starts. */
  readonly leastHeap: number;
  /** Largest part of the memory left that the heap may have. */
  readonly heapShare: number;
}

/** By runtime. */
export const MEASURED: Readonly<Record<PlannedRuntime, Measured>> = {
  deno: figures({ base: 12, heapShare: 0.82, worker: 10, launcher: 8 }),
  bun: figures({ base: 8, heapShare: 0.85, worker: 4, launcher: 4 }),
  node: figures({ base: 16, heapShare: 0.95, worker: 10, launcher: 24 }),
};

/** Sizes in MiB. */
function figures(
  { base, heapShare, worker, launcher }: Record<
    "base" | "heapShare" | "worker" | "launcher",
    number
  >,
): Measured {
  return {
    base: base * MiB,
    worker: worker * MiB,
    launcher: launcher * MiB,
    leastHeap: 16 * MiB,
    heapShare,
  };
}
