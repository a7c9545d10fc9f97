import type { ChildProcess } from "node:child_process";

/** Kills a program that still runs, and waits until it has ended. */
export async function endProgram(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGKILL");
  await ended;
}
