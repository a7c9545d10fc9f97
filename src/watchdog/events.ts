import type { Scope } from "../scope.ts";

/**
 * Usage has reached the watermark.
 *
 * @since 0.1.0
 */
export interface FireEvent {
  /** Which memory the watchdog follows. */
  readonly scope: Scope;
  /** Its usage in bytes. */
  readonly used: number;
  /** Its limit in bytes. */
  readonly limit: number;
  /** The watermark in bytes that was reached. */
  readonly watermark: number;
}

/**
 * A garbage collection has ended.
 *
 * @since 0.1.0
 */
export interface CollectEvent {
  /** Whether the watchdog forced it, or the engine started it. */
  readonly kind: "forced" | "engine";
  /** Which memory the watchdog follows. */
  readonly scope: Scope;
  /** Its usage in bytes after the collection; `undefined` if it could not be read. */
  readonly used: number | undefined;
  /** Its limit in bytes. */
  readonly limit: number | undefined;
  /** Bytes that a forced collection freed in this isolate; 0 for others. */
  readonly freed: number;
  /** Milliseconds that a forced collection took; 0 for others. */
  readonly duration: number;
}

/**
 * A forced collection freed next to nothing in this isolate.
 *
 * The other memory is live, or belongs to other isolates of this process (workers)
 * or to other processes. A forced collection reaches the garbage of its own isolate
 * only. Compare `heapUsed` and `runtimeTotal` with `used`: if they are small, the
 * memory is held elsewhere. If a worker holds it, start a watchdog there.
 *
 * @since 0.1.0
 */
export interface IneffectiveEvent {
  /** Which memory the watchdog follows. */
  readonly scope: Scope;
  /** Its usage in bytes after the collection. */
  readonly used: number;
  /** Its limit in bytes. */
  readonly limit: number;
  /** Bytes that the collection freed in this isolate. */
  readonly freed: number;
  /** Bytes in use in this isolate's heap after the collection; `undefined`: unknown. */
  readonly heapUsed: number | undefined;
  /**
   * Bytes that this isolate's engine holds after the collection: heap and
   * external memory such as buffers; `undefined`: unknown.
   */
  readonly runtimeTotal: number | undefined;
  /** Other isolates of this process that are known to run a watchdog. */
  readonly otherIsolates: number;
  /**
   * Milliseconds until the next one may be forced. It may be sooner if usage,
   * this isolate's heap or the limit changes markedly.
   */
  readonly wait: number;
  /** Consecutive ineffective collections, this one included. */
  readonly consecutive: number;
}

/**
 * Why a watchdog was disabled.
 *
 * @since 0.1.0
 */
export interface DisableEvent {
  /** What the watchdog was doing, such as `"evaluating the policy"`. */
  readonly during: string;
  /** The error that was thrown, or that a promise was rejected with. */
  readonly reason: unknown;
}

/**
 * Where a watchdog reports; `console` fits. Methods may be asynchronous, but the
 * watchdog does not await them. If a method throws while the watchdog starts, the
 * start throws. If it throws or rejects later, the watchdog is disabled.
 *
 * @since 0.1.0
 */
export interface Logger {
  /** Reports watermarks and collections. */
  debug?(message: string): unknown;
  /** Reports the start, and what the watchdog follows. */
  info?(message: string): unknown;
  /** Reports restrictions, such as ineffective collections. */
  warn?(message: string): unknown;
  /** Reports why the watchdog was disabled. */
  error?(message: string): unknown;
}

/**
 * What a watchdog has done so far.
 *
 * @since 0.1.0
 */
export interface WatchdogCounters {
  /** Number of times that usage reached the watermark. */
  readonly fired: number;
  /** Number of collections that the watchdog asked the engine to begin. */
  readonly requested: number;
  /** Number of forced collections. */
  readonly forced: number;
  /** Number of collections that were seen, forced or not. Not every one can be seen. */
  readonly seen: number;
  /** Number of forced collections that freed next to nothing. */
  readonly ineffective: number;
  /** Number of times that the GC rate limit held a collection back. */
  readonly held: number;
  /** Number of times that a collection waited for another isolate's collection. */
  readonly waited: number;
  /** Bytes that forced collections freed in this isolate. */
  readonly bytesFreed: number;
  /** Milliseconds that forced collections took. */
  readonly timeSpent: number;
  /** Number of heap snapshots written. */
  readonly snapshots: number;
  /**
   * Number of heap snapshots not written, because too little memory was left or
   * writing failed. The logger's `warn` says why.
   */
  readonly snapshotsSkipped: number;
  /** Complete reports of evidence written. */
  readonly evidence: number;
  /** Reports that could not be written. The logger's `warn` says why. */
  readonly evidenceFailed: number;
  /** Times that the allocator was asked to return free memory to the kernel. */
  readonly returns: number;
  /** Bytes by which the memory of the process fell soon afterwards. */
  readonly bytesReturned: number;
}
