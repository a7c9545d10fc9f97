// Which process and which cgroup this is, so that a later process can tell
// whether they are still there.

import fs from "node:fs";
import process from "node:process";
import { MiB } from "../src/bytes.ts";
import type { CgroupIdentity, ProcessIdentity } from "../src/recorder/header.ts";
import { isDeno, isPermitted } from "./deno.ts";
import { attempt, thisEngine } from "./engine.ts";
import { nodeFileIo, readProcText } from "./file_io.ts";
import { openEventFiles } from "./linux/cgroup_events.ts";
import { OpenFiles } from "./open_files.ts";
import { ownNamespace, readPidStat } from "./process_identity.ts";

/** This process. What cannot be read, as in Deno's sandbox, is left out. */
export function thisProcess(): ProcessIdentity {
  return {
    pid: process.pid,
    startTicks: startOf("self"),
    bootId: thisBootId(),
    pidNamespace: ownNamespace(),
  };
}

/** Whether a process still runs; `undefined`: that cannot be told from here. */
export function isAlive({ pid, startTicks, bootId, pidNamespace }: ProcessIdentity):
  | boolean
  | undefined {
  const here = thisProcess();
  if (bootId === undefined || here.bootId === undefined) return undefined;
  if (bootId !== here.bootId) return false;
  if (pidNamespace === undefined || pidNamespace !== here.pidNamespace) return undefined;
  if (startTicks === undefined || here.startTicks === undefined) return undefined;
  return startOf(pid) === startTicks;
}

/** The cgroup of this folder; `undefined` if it cannot be told from another. */
export function cgroupAt(folder: string): CgroupIdentity | undefined {
  if (!isPermitted({ name: "read", path: folder })) return undefined;
  const id = attempt(() => fs.statSync(folder, { bigint: true }).ino);
  return id === undefined ? undefined : { folder, id: String(id) };
}

/**
 * How many processes an OOM killer has ended in a cgroup; `undefined` if it is
 * gone, or cannot be read.
 *
 * @param process The process that was in it, which tells the host.
 */
export function oomKillsOf(
  { folder, id }: CgroupIdentity,
  { bootId }: ProcessIdentity,
): number | undefined {
  if (bootId === undefined || bootId !== thisBootId()) return undefined;
  if (cgroupAt(folder)?.id !== id) return undefined;
  const version = nodeFileIo.exists(`${folder}/memory.events`) ? 2 : 1;
  const files = openEventFiles(version, folder, new OpenFiles(nodeFileIo));
  const events = files.read();
  files.close();
  return events?.oomKill;
}

/** The largest young generation that V8 has by default, in bytes. */
const LARGEST_YOUNG = isDeno ? 96 * MiB : 192 * MiB;

/** Below this an old generation is none that a program could run in. */
const LEAST_OLD = 16 * MiB;

/**
 * Bytes of heap at which V8 gives up; `undefined` where there is no such limit.
 * V8's `heap_size_limit` counts a young generation that never gets so large.
 */
export function heapCeiling(): number | undefined {
  const limit = thisEngine.heapStatistics?.().heap_size_limit;
  if (limit === undefined) return undefined;
  const flag = process.execArgv.map((arg) => /^--max[-_]old[-_]space[-_]size=(\d+)$/.exec(arg))
    .findLast((match) => match !== null);
  if (flag !== undefined) return Math.min(limit, Number(flag![1]) * MiB);
  return limit > LARGEST_YOUNG + LEAST_OLD ? limit - LARGEST_YOUNG : limit / 2;
}

/** When a process that runs was started, in ticks of the kernel; `undefined`: unknown, or none. */
function startOf(pid: number | "self"): number | undefined {
  const stat = readPidStat(pid);
  return typeof stat === "object" ? Number(stat.startTime) : undefined;
}

/** The boot of this host; `undefined`: unknown. */
function thisBootId(): string | undefined {
  return readProcText("/proc/sys/kernel/random/boot_id")?.trim();
}
