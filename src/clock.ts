/**
 * The time that memctl works by. The default clock uses the global timer
 * functions, so fake timers drive it. Pass your own clock for tests without them.
 *
 * @since 0.1.0
 */
export interface Clock {
  /** Milliseconds that have passed since some point; never goes back. */
  now(): number;
  /**
   * Calls `tick` every `interval` milliseconds until the returned function is
   * called. With `unref`, these ticks do not keep the process alive.
   */
  every(interval: number, tick: () => void, unref: boolean): () => void;
}
