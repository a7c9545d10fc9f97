// What a runtime takes besides its heap. Each figure was found by
// `deno task bench:smallest`; bench/README.md tells how.

import { MiB } from "../bytes.ts";

/** A runtime that a plan is made for. */
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
  deno: {
    base: 40 * MiB,
    worker: 8 * MiB,
    launcher: 48 * MiB,
    leastHeap: 16 * MiB,
    heapShare: 0.9,
  },
  bun: { base: 24 * MiB, worker: 8 * MiB, launcher: 48 * MiB, leastHeap: 16 * MiB, heapShare: 0.5 },
  node: {
    base: 24 * MiB,
    worker: 8 * MiB,
    launcher: 48 * MiB,
    leastHeap: 16 * MiB,
    heapShare: 0.9,
  },
};
