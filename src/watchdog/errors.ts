export { NotSupportedError } from "../errors.ts";

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
