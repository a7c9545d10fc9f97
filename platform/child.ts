// Starting a program as a child of this process.

import { type ChildProcess, spawn } from "node:child_process";
import os from "node:os";
import process from "node:process";
import tty from "node:tty";
import { LaunchError, type Started } from "../src/cli/launcher.ts";
import { isDeno } from "./deno.ts";
import { closedFiles, inheritedFiles } from "./inherited_files.ts";

const FORWARDED = ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT"] as const;

/**
 * Runs a program as a child and forwards signals to it.
 *
 * @param notExecutable The exit code that says that it cannot be started.
 * @returns Its exit code; 128 and the number of the signal that ended it.
 */
export async function runChild(
  { file, words, environment }: Started,
  notExecutable: number,
): Promise<number> {
  let child: ChildProcess | undefined;
  const forward = (signal: NodeJS.Signals) => {
    // A terminal sends these two to every process in the foreground.
    const bothGetIt = signal === "SIGINT" || signal === "SIGQUIT";
    // Not child.kill(): Deno would tell this signal as the cause of the child's end.
    if (child !== undefined && !(bothGetIt && tty.isatty(0))) process.kill(child.pid!, signal);
  };
  // Before the child is there: its first act may be to send a signal here.
  for (const signal of FORWARDED) process.on(signal, forward);
  try {
    child = spawn(file, words.slice(1), {
      argv0: words[0]!,
      stdio: streams(),
      env: environment as NodeJS.ProcessEnv,
    });
    return await ended(child);
  } catch (error) {
    // Bun throws it, Node and Deno emit it.
    const { message } = error as Error;
    throw new LaunchError(
      `the command must be executable: ${file}: ${message}`,
      notExecutable,
    );
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward);
  }
}

/** The exit code of a child. */
function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(signal === null ? code! : endBy(signal)));
  });
}

/** What a child inherits. In Node and Bun a file must be named here if it is closed on exec. */
function streams(): ("inherit" | "ignore" | number)[] {
  const all: ("inherit" | "ignore" | number)[] = ["inherit", "inherit", "inherit"];
  if (isDeno) return all;
  const inherited = inheritedFiles();
  const last = Math.max(...closedFiles());
  for (let i = all.length; i <= last; i++) all[i] = inherited.includes(i) ? i : "ignore";
  return all;
}

/** Ends by the signal that ended the child, or tells the exit code that says the same. */
function endBy(signal: NodeJS.Signals): number {
  process.removeAllListeners(signal);
  // Node starts its debugger at SIGUSR1.
  if (signal !== "SIGUSR1") process.kill(process.pid, signal);
  return 128 + os.constants.signals[signal];
}
