// The ends of this process that it can still notice itself.

import process from "node:process";
import { isDeno } from "./deno.ts";

/** What is told of an end. */
export interface EndListener {
  /** Nobody has caught this error so far. */
  onException(error: unknown): void;
  /** @param code The exit code; `undefined`: not known. */
  onExit(code: number | undefined): void;
}

const deno = (globalThis as { Deno?: { exitCode?: number } }).Deno;

/**
 * Listens for the end of this process. It changes nothing: no listener here
 * counts as one that handles an error or a signal.
 *
 * @returns What ends it.
 */
export function onProcessEnd({ onException, onExit }: EndListener): () => void {
  const exit = (code: number) => onExit(code);
  const exception = (error: unknown) => onException(error);
  process.on("exit", exit);
  process.on("uncaughtExceptionMonitor", exception);
  // Deno.exit() emits no "exit".
  const unload = () => onExit(deno?.exitCode);
  if (isDeno) globalThis.addEventListener("unload", unload);
  return () => {
    process.off("exit", exit);
    process.off("uncaughtExceptionMonitor", exception);
    if (isDeno) globalThis.removeEventListener("unload", unload);
  };
}
