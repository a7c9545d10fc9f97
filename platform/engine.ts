// What the JavaScript engine says of its heap.

import process from "node:process";
import v8 from "node:v8";
import type { MemInfoInit } from "../src/mem_info.ts";
import type { Signal } from "../src/sampler.ts";

/** The calls that a runtime may offer; a test leaves some out. */
export interface EngineHost {
  /** `node:v8`, where it answers in well under a microsecond. */
  heapStatistics?: (() => v8.HeapInfo) | undefined;
  /** `process.memoryUsage`, in bytes. */
  memoryUsage?: (() => MemoryUsage) | undefined;
}

/**
 * What a call of the runtime gives, or `undefined` if it fails: Bun's
 * memoryUsage() throws when there is no file descriptor left.
 */
export function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}

/** The part of `process.memoryUsage()` that is used. */
export interface MemoryUsage {
  rss: number;
  heapTotal: number;
  heapUsed: number;
  external: number;
}

/** Fills in the engine's fields of a snapshot, and the resident set if `rss` is there. */
export interface Engine {
  readonly signals: Readonly<Record<"runtimeTotal" | "heapUsed" | "heapLimit", Signal>>;
  /** Where it has the resident set from, if its call tells that too. */
  readonly rss?: Signal;
  read(into: MemInfoInit): void;
}

// JavaScriptCore answers v8.getHeapStatistics() by walking its heap, which
// takes milliseconds, so Bun is asked for its memoryUsage().
const isV8 = !("Bun" in globalThis);

/** This runtime's calls. */
export const thisEngine: EngineHost = {
  heapStatistics: isV8 ? v8.getHeapStatistics : undefined,
  memoryUsage: process.memoryUsage,
};

/** The best source that the host offers. */
export function openEngine(host: EngineHost): Engine {
  const { heapStatistics, memoryUsage } = host;
  if (heapStatistics !== undefined) return v8Engine(heapStatistics);
  if (memoryUsage !== undefined) return usageEngine(memoryUsage);
  return noEngine;
}

const ONCE = new Uint8Array(1);

function v8Engine(heapStatistics: () => v8.HeapInfo): Engine {
  const signal: Signal = { available: true, source: "v8.getHeapStatistics()" };
  let target!: MemInfoInit;
  /** Kept while it is the same: a large number is an object to V8. */
  let limit = 0;
  const fill = (): boolean => {
    const heap = heapStatistics();
    target.runtimeTotal = heap.total_heap_size + heap.external_memory;
    target.heapUsed = heap.used_heap_size;
    if (limit !== heap.heap_size_limit) limit = heap.heap_size_limit;
    target.heapLimit = limit;
    return true;
  };
  return {
    signals: { runtimeTotal: signal, heapUsed: signal, heapLimit: signal },
    read(into) {
      target = into;
      // Called through a built-in, `fill` is optimized by itself, and V8 then
      // never makes the record of heapStatistics(): 360 bytes less per sample.
      ONCE.every(fill);
    },
  };
}

function usageEngine(memoryUsage: () => MemoryUsage): Engine {
  const signal: Signal = { available: true, source: "process.memoryUsage()" };
  return {
    signals: {
      runtimeTotal: signal,
      heapUsed: signal,
      heapLimit: unavailable("heap_size_limit", "this engine sets no limit of its own to the heap"),
    },
    rss: signal,
    read(into) {
      const usage = attempt(memoryUsage);
      into.processRss = usage?.rss;
      into.runtimeTotal = usage && usage.heapTotal + usage.external;
      into.heapUsed = usage?.heapUsed;
    },
  };
}

const missing = unavailable("process.memoryUsage()", "this runtime has no process.memoryUsage()");

const noEngine: Engine = {
  signals: { runtimeTotal: missing, heapUsed: missing, heapLimit: missing },
  read() {},
};

const outside = unavailable("heap", "the heap of another process cannot be read from outside");

/** The engine of another process. */
export const otherEngine: Engine = {
  signals: { runtimeTotal: outside, heapUsed: outside, heapLimit: outside },
  read() {},
};

/** A signal that cannot be had. */
export function unavailable(source: string, reason: string): Signal {
  return { available: false, source, reason };
}
