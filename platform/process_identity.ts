// Which process a process id stands for, and whether it still runs.

import fs from "node:fs";
import process from "node:process";
import { isPermitted } from "./deno.ts";
import { errorCode, nodeFileIo } from "./file_io.ts";

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
  const stat = readStat(process.pid);
  return {
    pid: process.pid,
    started: typeof stat === "object" ? stat.started : undefined,
    namespace: ownNamespace(),
  };
}

/** Whether that process still runs; `undefined`: unknown, as in another container. */
export function stillRuns({ pid, started, namespace }: ProcessIdentity): boolean | undefined {
  if (pid === process.pid && namespace === ownNamespace()) return started === ownIdentity().started;
  if (namespace !== ownNamespace()) return undefined;
  const stat = readStat(pid);
  if (stat === "gone") return false;
  if (stat !== undefined) return started === undefined ? undefined : stat.started === started;
  return canBeSignalled(pid);
}

/** State and start of a process; `"gone"`: there is none, or only its exit code is left. */
function readStat(pid: number): { started: string } | "gone" | undefined {
  let text: string;
  try {
    text = new TextDecoder().decode(nodeFileIo.readAll(`/proc/${pid}/stat`));
  } catch (error) {
    const isGone = errorCode(error) === "ENOENT" || errorCode(error) === "ESRCH";
    return isGone && nodeFileIo.exists("/proc/self/stat") ? "gone" : undefined;
  }
  // The name of the program may hold spaces and brackets.
  const [state, ...fields] = text.slice(text.lastIndexOf(")") + 2).trim().split(" ");
  const started = fields[18];
  if (state === "Z" || state === "X") return "gone";
  return started === undefined ? undefined : { started };
}

function ownNamespace(): string | undefined {
  if (!isPermitted({ name: "read", path: "/proc/self/ns/pid" })) return undefined;
  try {
    return fs.readlinkSync("/proc/self/ns/pid");
  } catch {
    // No procfs, or Deno keeps it from us.
    return undefined;
  }
}

/** What the system says about a process id where there is no procfs. */
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
