// The smallest container in which a command finishes.

import fs from "node:fs";
import process from "node:process";
import { ChildGroup, type Ended, type Hierarchy } from "../../tests/e2e/child_group.ts";
import type { Program } from "./programs.ts";

const MIB = 1024 * 1024;
/** Sizes are multiples of this. */
export const STEP: number = 16;
/** Clock ticks per second in /proc: 100 on every Linux. */
const TICKS = 100;
/** Seconds after which a run is stuck, per second of processor time that it may take. */
const WALL_TIME = 10;

/** One run in a container. */
export interface Run extends Ended {
  /** MiB that the container had in use at most. */
  peak: number;
  /** Seconds of processor time. */
  cpu: number;
}

/** What is searched with. */
export interface Search {
  hierarchy: Hierarchy & { problem?: never };
  program: Program;
  command: string[];
  /**
   * Seconds of processor time after which a run has not finished. A program that
   * the kernel takes its pages from spends them in the kernel.
   */
  patience: number;
  log?: (line: string) => void;
}

/** Runs once in a container of so many MiB; `undefined`: without a limit. */
export async function runIn(size: number | undefined, search: Search): Promise<Run> {
  const { hierarchy, program, command, patience, log } = search;
  const group = new ChildGroup(hierarchy.version, hierarchy.folder);
  try {
    group.forbidSwap();
    if (size !== undefined) group.setLimit(size * MIB);
    const before = childrenCpu();
    const watch = setInterval(() => {
      const pids = group.read("cgroup.procs").split("\n").filter(Boolean);
      const spent = pids.reduce((sum, pid) => sum + cpuOf(`/proc/${pid}/stat`, 11), 0);
      if (spent > patience) { for (const pid of pids) process.kill(Number(pid), "SIGKILL"); }
    }, 200);
    const ended = await group.run(command, WALL_TIME * 1000 * patience, program.use)
      .finally(() => clearInterval(watch));
    const cpu = childrenCpu() - before;
    const peak = Math.round((group.peak ?? NaN) / MIB);
    log?.(
      `${size ?? "no limit"}: ${ended.outcome}, peak ${peak} MiB, ${cpu.toFixed(1)} s of CPU, ` +
        `${(ended.milliseconds / 1000).toFixed(1)} s`,
    );
    return { ...ended, peak, cpu };
  } finally {
    await group.remove();
  }
}

/**
 * The smallest size in MiB at which it finishes twice in a row: bisection, and
 * then upwards step by step.
 *
 * @param most A size at which it surely finishes.
 */
export async function smallest(search: Search, most: number): Promise<number> {
  let low = 2; // fails, in steps
  let high = Math.ceil(most / STEP);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if ((await runIn(middle * STEP, search)).outcome === "finished") high = middle;
    else low = middle;
  }
  for (let inARow = 0;; high++) {
    for (inARow = 0; inARow < 2; inARow++) {
      if ((await runIn(high * STEP, search)).outcome !== "finished") break;
    }
    if (inARow === 2) return high * STEP;
  }
}

/** Seconds of processor time of the children that have ended. */
function childrenCpu(): number {
  return cpuOf("/proc/self/stat", 13);
}

/** Seconds of user and system time, which are at this field after the name, and at the next. */
function cpuOf(file: string, field: number): number {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // The process has ended.
    if (code === "ENOENT" || code === "ESRCH") return 0;
    throw error;
  }
  // The name, in parentheses, may hold spaces.
  const fields = text.split(") ").at(-1)!.split(" ");
  return (Number(fields[field]) + Number(fields[field + 1])) / TICKS;
}
