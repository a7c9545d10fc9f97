import type { Clock } from "../src/clock.ts";

/** `Deno.unrefTimer` for runtimes whose timers are plain numbers. */
const deno = (globalThis as { Deno?: { unrefTimer?: (id: number) => void } }).Deno;

/**
 * The global timers, looked up at each call: whoever replaces them by fake
 * ones drives every watch.
 */
export const systemClock: Clock = {
  now(): number {
    return performance.now();
  },
  every(interval: number, tick: () => void, unref: boolean): () => void {
    const timer: unknown = globalThis.setInterval(tick, interval);
    if (unref) unrefTimer(timer);
    return () => globalThis.clearInterval(timer as number);
  },
};

function unrefTimer(timer: unknown): void {
  if (typeof timer === "number") deno?.unrefTimer?.(timer);
  // Fake timers may return anything; an error here would leave the timer running.
  else (timer as { unref?: () => void } | undefined)?.unref?.();
}
