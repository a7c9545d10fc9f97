/**
 * A watchdog is already running in this isolate. Stop it first.
 *
 * ```ts
 * import { AlreadyStartedError, watchdog } from "@x/memctl/watchdog";
 * import assert from "node:assert/strict";
 *
 * const dog = watchdog();
 * assert.throws(() => watchdog(), AlreadyStartedError);
 * dog.stop();
 * watchdog().stop();
 * ```
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
 * ```ts
 * import { cgroupDriven, NotSupportedError, systemDriven } from "@x/memctl/watchdog";
 *
 * const start = () => {
 *   try {
 *     return cgroupDriven();
 *   } catch (error) {
 *     if (!(error instanceof NotSupportedError)) throw error;
 *     return systemDriven(); // no container limit to follow
 *   }
 * };
 * start().stop();
 * ```
 *
 * @since 0.1.0
 */
export class NotSupportedError extends Error {
  /** `"NotSupportedError"` */
  override readonly name: string = "NotSupportedError";
}
