import type { Scope } from "../scope.ts";

/**
 * The policy fired: usage has reached its mark.
 *
 * @since 0.1.0
 */
export interface FireEvent {
  /** The figure that is followed. */
  readonly scope: Scope;
  /** Its value in bytes. */
  readonly used: number;
  /** Its limit in bytes. */
  readonly limit: number;
  /** The mark in bytes that was reached. */
  readonly mark: number;
}

/**
 * A collection is over.
 *
 * @since 0.1.0
 */
export interface CollectEvent {
  /** Forced by the watchdog, or the engine's own. */
  readonly kind: "forced" | "engine";
  /** The figure that is followed. */
  readonly scope: Scope;
  /** Its value in bytes after the collection; `undefined`: could not be read. */
  readonly used: number | undefined;
  /** Its limit in bytes. */
  readonly limit: number | undefined;
  /** Bytes that a forced collection freed in this isolate; 0 for the engine's own. */
  readonly freed: number;
  /** Milliseconds that a forced collection took; 0 for the engine's own. */
  readonly duration: number;
}

/**
 * A forced collection freed next to nothing in this isolate. The rest of the
 * usage is live, or belongs to other isolates of this process (workers) or to
 * other processes. A forced collection reaches the garbage of its own isolate
 * only: compare `heapUsed` and `runtimeTotal` with `used`. If they are small,
 * the memory is held elsewhere; in a worker, start a watchdog there.
 *
 * @since 0.1.0
 */
export interface IneffectiveEvent {
  /** The figure that is followed. */
  readonly scope: Scope;
  /** Its value in bytes after the collection. */
  readonly used: number;
  /** Its limit in bytes. */
  readonly limit: number;
  /** Bytes that this isolate's heap gave back. */
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
  readonly inARow: number;
}

/**
 * Why a watchdog gave up.
 *
 * @since 0.1.0
 */
export interface DisarmEvent {
  /** What it was doing, such as `"evaluating the policy"`. */
  readonly during: string;
  /** What was thrown, or what a promise was rejected with. */
  readonly reason: unknown;
}

/**
 * Where a watchdog reports; `console` fits. Methods may be asynchronous; they
 * are not awaited. A method that throws while the watchdog starts makes the
 * start throw; one that throws or rejects later disables the watchdog, as a
 * hook does.
 *
 * @since 0.1.0
 */
export interface Logger {
  /** Marks and collections. */
  debug?(message: string): unknown;
  /** Start, and what was chosen. */
  info?(message: string): unknown;
  /** What limits its work. */
  warn?(message: string): unknown;
  /** Why it gave up. */
  error?(message: string): unknown;
}

/**
 * What a watchdog has done so far.
 *
 * @since 0.1.0
 */
export interface WatchdogCounters {
  /** Times that the policy fired. */
  readonly fired: number;
  /** Collections that the engine was asked to begin by itself. */
  readonly requested: number;
  /** Collections forced. */
  readonly forced: number;
  /** Collections seen, the engine's own and the forced ones; not every one can be seen. */
  readonly seen: number;
  /** Forced collections that freed next to nothing. */
  readonly ineffective: number;
  /** Times that the storm guard held a collection back. */
  readonly held: number;
  /** Times that a collection waited for the collection of another isolate. */
  readonly waited: number;
  /** Bytes that forced collections freed in this isolate. */
  readonly bytesFreed: number;
  /** Milliseconds that they took. */
  readonly timeSpent: number;
  /** Heap snapshots written. */
  readonly snapshots: number;
  /**
   * Heap snapshots not written, because too little memory was left or writing
   * failed. The logger's `warn` says why.
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
