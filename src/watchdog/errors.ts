/**
 * A watchdog is already running in this isolate. Stop it first.
 *
 * @since 0.1.0
 */
export class AlreadyStartedError extends Error {
  /** `"AlreadyStartedError"` */
  override readonly name: string = "AlreadyStartedError";
}

/**
 * This way to watch cannot work here; the message says what is missing.
 *
 * @since 0.1.0
 */
export class NotSupportedError extends Error {
  /** `"NotSupportedError"` */
  override readonly name: string = "NotSupportedError";
}
