// Memory that an allocator keeps after it was freed, and how a runtime returns
// it to the kernel.

import process from "node:process";
import { isMainThread } from "node:worker_threads";
import { isDeno, isPermitted } from "./deno.ts";
import { attempt } from "./engine.ts";
import { readProcText } from "./file_io.ts";

/** A way to return free memory. */
export interface ReturnMemory {
  /** The call, for messages. */
  readonly name: string;
  /** Returns free memory now or soon: whether that could be begun. */
  run(): boolean;
}

/** Deno's variable. Without it SIGUSR2 has its default action, which ends the process. */
const VARIABLE = "DENO_USR2_MEMORY_TRIM";
const SIGNAL = "SIGUSR2";
/** SIGUSR2 is signal 12 on Linux. The lowest bit of a mask is signal 1. */
const SIGNAL_BIT = 1n << 11n;

/**
 * This runtime's way to return free memory to the kernel, or why there is none.
 * An allocator belongs to the process, so only the main thread has one.
 */
export function findReturnMemory(): ReturnMemory | { problem: string } {
  const { Bun } = globalThis as { Bun?: { gc(synchronous: boolean): unknown } };
  if (Bun !== undefined && isMainThread) {
    return {
      name: "Bun.gc(true)",
      run() {
        Bun.gc(true);
        return true;
      },
    };
  }
  const problem = findProblem();
  if (problem !== undefined) return { problem };
  return {
    name: SIGNAL,
    run() {
      // Whatever happened since the start: nothing is sent that nobody catches.
      if (findProblem() !== undefined) return false;
      return attempt(() => process.kill(process.pid, SIGNAL)) ?? false;
    },
  };
}

/**
 * Bytes of anonymous memory that are resident: heaps, stacks and what the
 * allocator keeps. Program code mapped from files does not count. `undefined`
 * off Linux, or without permission.
 */
export function readAnonymousMemory(): number | undefined {
  const text = readProcText("/proc/self/status");
  const kilobytes = text && /^RssAnon:\s+(\d+) kB$/m.exec(text)?.[1];
  return kilobytes ? Number(kilobytes) * 1024 : undefined;
}

/** Why SIGUSR2 must not be sent. */
function findProblem(): string | undefined {
  if (!isDeno) return "this runtime has no call for it";
  if (!isMainThread) return "only the main thread can";
  if (process.platform !== "linux") return `${VARIABLE} works on Linux only`;
  const environment = readProcText("/proc/self/environ");
  const status = readProcText("/proc/self/status");
  if (environment === undefined || status === undefined) return "Deno needs --allow-all for it";
  if (!isPermitted({ name: "run" })) return "Deno needs --allow-run to send a signal";
  // The environment at the start. One that the program sets later has no effect.
  if (!environment.split("\0").some((entry) => entry.startsWith(`${VARIABLE}=`))) {
    return `${VARIABLE}=1 was not in the environment at the start`;
  }
  const caught = /^SigCgt:\s+([0-9a-f]+)$/m.exec(status)?.[1];
  if (caught === undefined || (BigInt(`0x${caught}`) & SIGNAL_BIT) === 0n) {
    return `Deno does not listen for ${SIGNAL}`;
  }
  if (process.listenerCount(SIGNAL) > 0) return `the program has its own listener for ${SIGNAL}`;
  return undefined;
}
