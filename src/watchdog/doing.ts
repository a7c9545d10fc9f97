import { adopt } from "../thenable.ts";
import type { DisableEvent } from "./events.ts";

/** Thrown instead of an error, to say what the watchdog was doing. */
class Interruption {
  readonly failure: DisableEvent;

  constructor(during: string, reason: unknown) {
    this.failure = { during, reason };
  }
}

/**
 * Runs an action. What it throws or rejects with tells {@linkcode toFailure}
 * the name of the action. If actions are nested, the innermost name counts.
 *
 * @param during What the watchdog is doing, such as `"evaluating the policy"`.
 */
export function doing<T>(during: string, action: () => T): T {
  const fail = (error: unknown): never => {
    throw error instanceof Interruption ? error : new Interruption(during, error);
  };
  try {
    const result = action();
    const pending = adopt(result);
    return pending === undefined ? result : pending.then(undefined, fail) as T;
  } catch (error) {
    return fail(error);
  }
}

/**
 * What was thrown, for a report.
 *
 * @param during What the watchdog was doing if the error does not say.
 */
export function toFailure(error: unknown, during: string): DisableEvent {
  return error instanceof Interruption ? error.failure : { during, reason: error };
}
