import { isThenable } from "../thenable.ts";
import type { Logger } from "./events.ts";

/** Told what a promise of the user's code was rejected with, and what the code was called for. */
export type OnRejection = (during: string, reason: unknown) => void;

/** If a hook returned a promise, reports its rejection. Without this, it would end the process. */
export function followPromise(result: unknown, during: string, onRejection: OnRejection): void {
  if (!isThenable(result)) return;
  Promise.resolve(result).then(undefined, (reason) => onRejection(during, reason));
}

const LEVELS = ["debug", "info", "warn", "error"] as const;

/** The same logger, with the promises of asynchronous methods followed. */
export function followLogger(logger: Logger, onRejection: OnRejection): Logger {
  const following: Logger = {};
  for (const level of LEVELS) {
    if (logger[level] === undefined) continue;
    following[level] = (message) =>
      followPromise(logger[level]?.(message), `calling logger.${level}`, onRejection);
  }
  return following;
}

/** What was thrown, for a log line. It never throws. */
export function describeReason(reason: unknown): string {
  try {
    return String(reason);
  } catch {
    // An object without a usable toString() was thrown; the reason itself is in `failure`.
    return "an object that cannot be shown";
  }
}
