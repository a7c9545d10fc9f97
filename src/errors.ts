/**
 * This cannot work here. The message says what is missing.
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

/**
 * The process that the option `pid` names does not exist, has ended, or cannot
 * be read.
 *
 * ```ts
 * import { ProcessError, sample } from "@x/memctl";
 * import process from "node:process";
 *
 * try {
 *   console.log(`${await sample({ pid: process.ppid })}`);
 * } catch (error) {
 *   // On macOS and Windows it is a NotSupportedError.
 *   console.log(error instanceof ProcessError ? error.reason : error);
 * }
 * ```
 *
 * @since 0.1.0
 */
export class ProcessError extends Error {
  /** `"ProcessError"` */
  override readonly name: string = "ProcessError";
  /** The process id. */
  readonly pid: number;
  /**
   * - `"missing"`: there is no such process, or this user may not see it.
   * - `"ended"`: it was there, and has ended since.
   * - `"unreadable"`: this user may not read it.
   */
  readonly reason: "missing" | "ended" | "unreadable";

  /** Makes an error with this message. */
  constructor(
    message: string,
    pid: number,
    reason: "missing" | "ended" | "unreadable",
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.pid = pid;
    this.reason = reason;
  }
}
