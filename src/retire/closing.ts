import { show } from "../check.ts";
import { callReporting } from "../thenable.ts";
import type { RetireReason } from "./options.ts";
import type { Waits } from "./waits.ts";

/**
 * Something to close before the process exits: a function, or an object with
 * one of these methods, of which the first that it has is called.
 *
 * @since 0.1.0
 */
export type Closing =
  | ((reason: RetireReason) => unknown)
  | Disposable
  | AsyncDisposable
  | Record<"close", () => unknown>
  | Record<"stop", () => unknown>
  | Record<"destroy", () => unknown>
  | Record<"terminate", () => unknown>;

const METHODS = [
  Symbol.asyncDispose,
  Symbol.dispose,
  "close",
  "stop",
  "destroy",
  "terminate",
] as const;

/** Throws unless it can be closed. */
export function checkClosing(name: string, value: unknown): void {
  if (typeof value === "function" || methodOf(value) !== undefined) return;
  throw new TypeError(
    `'${name}' must be a function, or an object with one of Symbol.asyncDispose, ` +
      `Symbol.dispose, close(), stop(), destroy(), terminate(): current value is ${show(value)}`,
  );
}

/**
 * Closes each in turn, whatever the one before did. One that never settles has
 * all the time that is left, and the others are then called without waiting.
 *
 * @param timeout Milliseconds for all together.
 * @param report Called with what is thrown or rejected.
 */
export async function closeAll(
  closing: readonly Closing[],
  reason: RetireReason,
  timeout: number,
  waits: Waits,
  report: (error: unknown) => void,
): Promise<void> {
  const end = waits.now() + timeout;
  for (const [i, one] of closing.entries()) {
    const pending = callReporting(() => callClosing(one, reason), report);
    if (pending === undefined) continue;
    if (await waits.within(pending, end - waits.now())) continue;
    report(new Error(`closing[${i}] did not finish within ${timeout} ms ('closingTimeout')`));
  }
}

function callClosing(one: Closing, reason: RetireReason): unknown {
  if (typeof one === "function") return one(reason);
  const method = methodOf(one)!;
  return (one as Record<PropertyKey, () => unknown>)[method]!();
}

function methodOf(value: unknown): typeof METHODS[number] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return METHODS.find((name) =>
    typeof (value as Record<PropertyKey, unknown>)[name] === "function"
  );
}
