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
const WALL_TIME = 60;

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

/** Where a search starts, in MiB. */
export interface Start {
  /** A size at which it surely finishes. */
  most: number;
  /** A size close to the smallest one. */
  guess: number;
}

/**
 * The smallest size in MiB at which it finishes twice in a row: from the guess
 * down or up in small steps, then bisection, then upwards step by step.
 */
export async function smallest(
  search: Search,
  { most, guess }: Start,
): Promise<{ size: number; peak: number }> {
  /** The peak of a run that finished, by steps. */
  const finished = new Map<number, number>();
  const finishes = async (steps: number) => {
    const run = await runIn(steps * STEP, search);
    if (run.outcome === "finished") finished.set(steps, run.peak);
    return run.outcome === "finished";
  };
  let low = 2; // fails, in steps
  let high = Math.ceil(most / STEP); // finishes
  const first = Math.min(high - 1, Math.ceil(guess / STEP));
  const near = Math.max(1, Math.floor(first / 12));
  for (let steps = first; high - low > 1;) {
    if (await finishes(steps)) high = steps;
    else low = steps;
    // From a guess the way is rarely far.
    if (low === 2) steps = Math.max(low + 1, high - near);
    else if (high - low > 2 * near) steps = low + near;
    else steps = Math.floor((low + high) / 2);
  }
  for (;; high++) {
    const before = finished.get(high);
    if (before === undefined && !(await finishes(high))) continue;
    const peak = finished.get(high)!;
    if (await finishes(high)) {
      return { size: high * STEP, peak: Math.max(peak, finished.get(high)!) };
    }
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
