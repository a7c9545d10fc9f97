// The time that V8's collections take, as Node tells it.

import { constants, type PerformanceEntry, PerformanceObserver } from "node:perf_hooks";

/**
 * Called for each collection.
 *
 * @param duration Milliseconds that it stopped the program.
 * @param age Milliseconds since its end.
 */
export type GcTimeListener = (duration: number, age: number) => void;

/**
 * Reports the collections of the old generation. Node reports them in a later
 * task, which costs microseconds per collection and nothing otherwise. Deno
 * and Bun report none.
 *
 * @returns A function that ends it.
 */
export function observeGcTime(listener: GcTimeListener): () => void {
  const observer = new PerformanceObserver((list) => {
    const now = performance.now();
    for (const entry of list.getEntries()) {
      const { startTime, duration, detail } = entry as PerformanceEntry & {
        detail: { kind: number };
      };
      if (detail.kind !== constants.NODE_PERFORMANCE_GC_MINOR) {
        listener(duration, Math.max(0, now - startTime - duration));
      }
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  return () => observer.disconnect();
}
