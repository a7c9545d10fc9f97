// One short-lived program, run without blocking.

import { execFile } from "node:child_process";
import { isPermitted } from "../deno.ts";

/** How long a program may take, in milliseconds. */
export const TIMEOUT = 2_000;

/** Runs a program to its end: what it printed. Rejects on any failure. */
export type Run = (path: string, args: string[], signal: AbortSignal) => Promise<string>;

interface DenoGlobal {
  Command: new (path: string, options: Record<string, unknown>) => { spawn(): DenoChild };
}

interface DenoChild {
  output(): Promise<{ success: boolean; code: number; stdout: Uint8Array }>;
  kill(signal: "SIGKILL"): void;
  unref(): void;
}

const deno = (globalThis as { Deno?: DenoGlobal }).Deno;

/** Why this program may not be run, or `undefined`. Never prompts. */
export function runProblem(path: string): string | undefined {
  return isPermitted({ name: "run", command: path })
    ? undefined
    : `Deno needs --allow-run=${path} to run ${path}`;
}

/** Runs it with an empty environment, killed after {@linkcode TIMEOUT}. */
export const run: Run = (path, args, signal) => runWithin(TIMEOUT, path, args, signal);

/** {@linkcode run} with a time-out of its own, in milliseconds. */
export async function runWithin(
  timeout: number,
  path: string,
  args: string[],
  signal: AbortSignal,
): Promise<string> {
  const problem = runProblem(path);
  if (problem !== undefined) throw new Error(problem);
  signal.throwIfAborted();
  const child = deno === undefined ? startNode(path, args) : startDeno(deno, path, args);
  let cutOff: (reason: Error) => void;
  const cut = new Promise<never>((_, reject) => {
    cutOff = reject;
  });
  const stop = (reason: string) => {
    child.kill();
    cutOff(new Error(reason));
  };
  const timer = setTimeout(() => stop(`${path} did not end within ${timeout} ms`), timeout);
  const onAbort = () => stop(`${path} was not waited for`);
  signal.addEventListener("abort", onAbort);
  try {
    // What is killed may leave a child of its own that holds the pipe open.
    return await Promise.race([child.output, cut]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

/** A program that runs. */
interface Child {
  output: Promise<string>;
  kill(): void;
}

// Deno's node:child_process reads the environment, which prompts.
function startDeno({ Command }: DenoGlobal, path: string, args: string[]): Child {
  const child = new Command(path, {
    args,
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  return {
    output: child.output().then(({ success, code, stdout }) => {
      if (!success) throw new Error(`${path} exited with ${code}`);
      return new TextDecoder().decode(stdout);
    }),
    kill: () => {
      child.kill("SIGKILL");
      child.unref();
    },
  };
}

function startNode(path: string, args: string[]): Child {
  let kill = () => {};
  const output = new Promise<string>((resolve, reject) => {
    const child = execFile(path, args, { env: {} }, (error, stdout) => {
      if (error) reject(error);
      else resolve(stdout);
    });
    kill = () => {
      child.kill("SIGKILL");
      // A child of its own may hold the pipes open; they must not hold us.
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.unref();
    };
  });
  return { output, kill };
}
