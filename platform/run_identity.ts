// Which process and which cgroup this is, so that a later process can tell
// whether they are still there.

import fs from "node:fs";
import process from "node:process";
import type { CgroupIdentity, ProcessIdentity } from "../src/recorder/header.ts";
import { isDeno, isPermitted } from "./deno.ts";
import { attempt, thisEngine } from "./engine.ts";
import { nodeFileIo } from "./file_io.ts";
import { openEventFiles } from "./linux/cgroup_events.ts";
import { OpenFiles } from "./open_files.ts";

const MIB = 1024 * 1024;

/** This process. What cannot be read, as in Deno's sandbox, is left out. */
export function thisProcess(): ProcessIdentity {
  return {
    pid: process.pid,
    startTicks: startOf("self")?.ticks,
    bootId: textOf("/proc/sys/kernel/random/boot_id"),
    pidNamespace: pidNamespace(),
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
  const start = startOf(String(pid));
  return start !== undefined && start.ticks === startTicks && !start.dead;
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
  if (bootId === undefined || bootId !== thisProcess().bootId) return undefined;
  if (cgroupAt(folder)?.id !== id) return undefined;
  const version = nodeFileIo.exists(`${folder}/memory.events`) ? 2 : 1;
  const files = openEventFiles(version, folder, new OpenFiles(nodeFileIo));
  const events = files.read();
  files.close();
  return events?.oomKill;
}

/** The largest young generation that V8 has by default, in bytes. */
const LARGEST_YOUNG = isDeno ? 96 * MIB : 192 * MIB;

/** Below this an old generation is none that a program could run in. */
const LEAST_OLD = 16 * MIB;

/**
 * Bytes of heap at which V8 gives up; `undefined` where there is no such limit.
 * V8's `heap_size_limit` counts a young generation that never gets so large.
 */
export function heapCeiling(): number | undefined {
  const limit = thisEngine.heapStatistics?.().heap_size_limit;
  if (limit === undefined) return undefined;
  const flag = process.execArgv.map((arg) => /^--max[-_]old[-_]space[-_]size=(\d+)$/.exec(arg))
    .findLast((match) => match !== null);
  if (flag !== undefined) return Math.min(limit, Number(flag![1]) * MIB);
  return limit > LARGEST_YOUNG + LEAST_OLD ? limit - LARGEST_YOUNG : limit / 2;
}

/** When a process started, and whether it has ended without having been waited for. */
function startOf(pid: string): { ticks: number; dead: boolean } | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  // The name of the program, in parentheses, may hold anything.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields === undefined || fields.length < 20) return undefined;
  return { ticks: Number(fields[19]), dead: fields[0] === "Z" || fields[0] === "X" };
}

/** A small file of the kernel; `undefined` if it cannot be read. */
function textOf(path: string): string | undefined {
  const bytes = attempt(() => nodeFileIo.readAll(path));
  return bytes && new TextDecoder().decode(bytes).trim();
}

function pidNamespace(): string | undefined {
  const path = "/proc/self/ns/pid";
  return isPermitted({ name: "read", path }) ? attempt(() => fs.readlinkSync(path)) : undefined;
}
