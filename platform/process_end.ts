// How this process is told to end, and ends.

import os from "node:os";
import process from "node:process";
import { isMainThread as isMain } from "node:worker_threads";

/** Whether this is the thread that can end the process. */
export const isMainThread: boolean = isMain;

/** Ends the process at once. */
export function exitProcess(code: number): void {
  process.exit(code);
}

/**
 * Calls the listener at each of these signals, instead of their default action.
 * It does not keep the process alive.
 *
 * @returns What removes the listener.
 * @throws {Error} If this system has no such signal. No listener is left then.
 */
export function onSignals(names: readonly string[], listener: (name: string) => void): () => void {
  const added: [string, () => void][] = [];
  const remove = () => {
    for (const [name, listen] of added.splice(0)) process.off(name, listen);
  };
  for (const name of names) {
    const listen = () => listener(name);
    try {
      // Node and Bun take any other name for that of an event.
      if (!(name in os.constants.signals)) throw new Error("this system has no such signal");
      process.on(name, listen);
    } catch (error) {
      remove();
      throw new Error(`Cannot listen to ${name}: ${(error as Error).message}`, { cause: error });
    }
    added.push([name, listen]);
  }
  return remove;
}
