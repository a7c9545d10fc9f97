import type { Scope } from "./policy.ts";

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
  /** Bytes that a forced collection freed; 0 for the engine's own. */
  readonly freed: number;
  /** Milliseconds that a forced collection took; 0 for the engine's own. */
  readonly duration: number;
}

/**
 * Forced collections free next to nothing: what is in use is live, or not this
 * process's, and collecting cannot help.
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
  /** Bytes that the collection freed. */
  readonly freed: number;
  /** Milliseconds until the next one may be forced. */
  readonly wait: number;
  /** Ineffective collections in a row, this one included. */
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
  /** What was thrown. */
  readonly reason: unknown;
}

/**
 * Where a watchdog reports; `console` fits.
 *
 * @since 0.1.0
 */
export interface Logger {
  /** Marks and collections. */
  debug?(message: string): void;
  /** Start, and what was chosen. */
  info?(message: string): void;
  /** What limits its work. */
  warn?(message: string): void;
  /** Why it gave up. */
  error?(message: string): void;
}

/**
 * What a watchdog has done so far.
 *
 * @since 0.1.0
 */
export interface WatchdogCounters {
  /** Times that the policy fired. */
  readonly fired: number;
  /** Collections forced. */
  readonly forced: number;
  /** Collections seen, the engine's own and the forced ones; not every one can be seen. */
  readonly seen: number;
  /** Forced collections that freed next to nothing. */
  readonly ineffective: number;
  /** Times that the storm guard held a collection back. */
  readonly held: number;
  /** Bytes that forced collections freed. */
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
}
