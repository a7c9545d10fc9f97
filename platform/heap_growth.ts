// How far V8 lets the heap grow before it collects by itself.

import v8 from "node:v8";

/** Steers the engine's own collections. */
export interface HeapGrowth {
  /** The heap may grow by so many percent of what was live. */
  set(percent: number): void;
  /** Gives the engine its own way back. */
  restore(): void;
}

/**
 * The flag takes effect at run time in Node. Deno reads it only at start-up,
 * and Bun's engine has no such flag.
 *
 * @returns `undefined` where it has no effect.
 */
export function findHeapGrowth(): HeapGrowth | undefined {
  if ("Deno" in globalThis || "Bun" in globalThis) return undefined;
  return {
    set: (percent) => v8.setFlagsFromString(`--heap-growing-percent=${percent}`),
    // 0 is V8's own default: it decides by itself.
    restore: () => v8.setFlagsFromString("--heap-growing-percent=0"),
  };
}
