// Which process a process id stands for, and whether it still runs.

import fs from "node:fs";
import process from "node:process";
import { isPermitted } from "./deno.ts";
import { errorCode, nodeFileIo } from "./file_io.ts";
import { hasEnded, parsePidStat, type ProcessStat } from "./linux/proc_pid_stat.ts";

/** A process, so that another one with the same id is told apart. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in clock ticks of the kernel; `undefined`: unknown. */
  readonly started: string | undefined;
  /** The namespace of its id; `undefined`: unknown. */
  readonly namespace: string | undefined;
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return {
    pid: process.pid,
    started: startOf(readPidStat(process.pid)),
    namespace: ownNamespace(),
  };
}

/** Whether that process still runs; `undefined`: unknown, as in another container. */
export function stillRuns({ pid, started, namespace }: ProcessIdentity): boolean | undefined {
  if (namespace !== ownNamespace()) return undefined;
  const stat = readPidStat(pid);
  if (pid === process.pid) return startOf(stat) === started;
  if (stat === "gone") return false;
  if (stat !== undefined) return started === undefined ? undefined : stat.startTime === started;
  return canBeSignalled(pid);
}

/**
 * The state and start of a process. `"gone"`: there is none, or only its exit
 * code is left. `undefined`: unknown, as without a procfs.
 */
export function readPidStat(pid: number | "self"): ProcessStat | "gone" | undefined {
  let bytes: Uint8Array;
  try {
    bytes = nodeFileIo.readAll(`/proc/${pid}/stat`);
  } catch (error) {
    const isGone = errorCode(error) === "ENOENT" || errorCode(error) === "ESRCH";
    return isGone && nodeFileIo.exists("/proc/self/stat") ? "gone" : undefined;
  }
  const stat = parsePidStat(new TextDecoder().decode(bytes));
  return stat !== undefined && hasEnded(stat) ? "gone" : stat;
}

/** The namespace that process ids are of here; `undefined`: unknown. */
export function ownNamespace(): string | undefined {
  if (!isPermitted({ name: "read", path: "/proc/self/ns/pid" })) return undefined;
  try {
    return fs.readlinkSync("/proc/self/ns/pid");
  } catch {
    // No procfs, or Deno keeps it from us.
    return undefined;
  }
}

/** When a process started, in clock ticks; `undefined`: unknown. */
function startOf(stat: ReturnType<typeof readPidStat>): string | undefined {
  return typeof stat === "object" ? stat.startTime : undefined;
}

/** Whether the system finds a process of this id, for systems without a procfs. */
function canBeSignalled(pid: number): boolean | undefined {
  // Deno wants a permission for that, and would ask for it.
  if (!isPermitted({ name: "run" })) return undefined;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "ESRCH" ? false : undefined;
  }
}
