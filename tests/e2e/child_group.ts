// A memory cgroup of our own below this process's, on cgroup v1 or v2, with
// processes in it. Needs root and a writable hierarchy.

import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import process from "node:process";
import { parseSelfCgroup } from "../../platform/linux/proc_self_cgroup.ts";
import { parseMountinfo } from "../../platform/linux/proc_self_mountinfo.ts";

/** How a process in a group ended. */
export interface Ended {
  /** Ran to its end, was killed by the kernel, was stuck until the time-out, or failed. */
  outcome: "finished" | "killed" | "stuck" | "failed";
  output: string;
  milliseconds: number;
}

/** The names of the files that differ between the versions. */
const FILES = {
  1: {
    limit: "memory.limit_in_bytes",
    usage: "memory.usage_in_bytes",
    peak: "memory.max_usage_in_bytes",
  },
  2: { limit: "memory.max", usage: "memory.current", peak: "memory.peak" },
} as const;

/** Where groups can be made, or why not. */
export type Hierarchy = { version: 1 | 2; folder: string; problem?: never } | { problem: string };

/** Finds the memory hierarchy and a folder in it that groups can be made in. */
export function findHierarchy(): Hierarchy {
  if (process.platform !== "linux") return { problem: "needs Linux" };
  if (process.getuid?.() !== 0) return { problem: "needs root to make cgroups" };
  const lines = parseSelfCgroup(fs.readFileSync("/proc/self/cgroup", "utf8"));
  const mounts = parseMountinfo(fs.readFileSync("/proc/self/mountinfo", "utf8"));
  const v1 = mounts.find((mount) => mount.version === 1 && mount.superOptions.includes("memory"));
  const v1Path = lines.find((line) => line.controllers.includes("memory"))?.path;
  const v2 = mounts.find((mount) => mount.version === 2);
  let hierarchy: { version: 1 | 2; folder: string };
  if (v1 !== undefined && v1Path !== undefined) {
    hierarchy = { version: 1, folder: v1.mountPoint + (v1Path === "/" ? "" : v1Path) };
  } else if (v2 !== undefined) {
    // A group with processes cannot have children with controllers; the root can.
    hierarchy = { version: 2, folder: v2.mountPoint };
  } else {
    return { problem: "no memory hierarchy is mounted" };
  }
  try {
    if (hierarchy.version === 2) enableMemory(hierarchy.folder);
    const probe = `${hierarchy.folder}/memctl-probe-${process.pid}`;
    fs.mkdirSync(probe);
    const usable = fs.existsSync(`${probe}/${FILES[hierarchy.version].limit}`);
    fs.rmdirSync(probe);
    return usable ? hierarchy : { problem: "the memory controller is off" };
  } catch (error) {
    return { problem: `no group can be made in ${hierarchy.folder}: ${error}` };
  }
}

/** Version 2: lets the children of a group have memory limits. */
export function enableMemory(folder: string): void {
  fs.writeFileSync(`${folder}/cgroup.subtree_control`, "+memory");
}

let made = 0;

/** One group; `remove()` it whatever happens. */
export class ChildGroup {
  readonly version: 1 | 2;
  readonly folder: string;

  /** @param name Of the folder. Default: one of its own. */
  constructor(
    version: 1 | 2,
    parent: string,
    name: string = `memctl-test-${process.pid}-${++made}`,
  ) {
    this.version = version;
    this.folder = `${parent}/${name}`;
    fs.mkdirSync(this.folder);
  }

  /** Bytes, or `"max"`. */
  setLimit(limit: number | "max"): void {
    const none = this.version === 1 ? "-1" : "max";
    this.write(FILES[this.version].limit, limit === "max" ? none : String(limit));
  }

  /** Without it, what does not fit goes to swap where there is some. */
  forbidSwap(): void {
    const file = this.version === 1 ? "memory.swappiness" : "memory.swap.max";
    if (fs.existsSync(`${this.folder}/${file}`)) this.write(file, "0");
  }

  /** Moves a process here; by default this one. */
  adopt(pid: number = process.pid): void {
    this.write("cgroup.procs", String(pid));
  }

  get usage(): number {
    return Number(this.read(FILES[this.version].usage));
  }

  get limit(): number {
    return Number(this.read(FILES[this.version].limit));
  }

  /** The most that was ever used, or `undefined` before Linux 5.19 on version 2. */
  get peak(): number | undefined {
    const { peak } = FILES[this.version];
    return fs.existsSync(`${this.folder}/${peak}`) ? Number(this.read(peak)) : undefined;
  }

  read(file: string): string {
    return fs.readFileSync(`${this.folder}/${file}`, "utf8").trim();
  }

  write(file: string, value: string): void {
    fs.writeFileSync(`${this.folder}/${file}`, value);
  }

  /** Starts a program inside; its first act is to move itself there. */
  spawn(command: string[]): ChildProcess {
    const script = 'echo 0 > "$0/cgroup.procs" && exec "$@"';
    return spawn("sh", ["-c", script, this.folder, ...command], {
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Runs a program inside to its end, or kills it after `timeout` milliseconds. */
  async run(
    command: string[],
    timeout: number,
    use?: (child: ChildProcess) => unknown,
  ): Promise<Ended> {
    const start = performance.now();
    const child = this.spawn(command);
    const ended = follow(child, timeout);
    try {
      await use?.(child);
    } catch (error) {
      // The program may die under the client's hands: how it ended is the result.
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      const { output, ...rest } = await ended;
      return { ...rest, output: `${output}${error}`, milliseconds: performance.now() - start };
    }
    return { ...await ended, milliseconds: performance.now() - start };
  }

  /** Kills what is inside and removes the group. */
  async remove(): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      for (const pid of this.read("cgroup.procs").split("\n").filter(Boolean)) {
        try {
          process.kill(Number(pid), "SIGKILL");
        } catch (error) {
          if ((error as { code?: string }).code !== "ESRCH") throw error;
        }
      }
      try {
        return fs.rmdirSync(this.folder);
      } catch (error) {
        if ((error as { code?: string }).code !== "EBUSY") throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`cannot remove ${this.folder}`);
  }
}

function follow(child: ChildProcess, timeout: number): Promise<Omit<Ended, "milliseconds">> {
  let output = "";
  let stuck = false;
  child.stdout?.on("data", (chunk) => output += chunk);
  child.stderr?.on("data", (chunk) => output += chunk);
  const timer = setTimeout(() => {
    stuck = true;
    child.kill("SIGKILL");
  }, timeout);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const outcome = stuck ? "stuck" : code === 0
        ? "finished"
        // An engine that cannot get memory aborts itself.
        : signal !== null || code === 137 || code === 133 || code === 134
        ? "killed"
        : "failed";
      resolve({ outcome, output: `${output}\n(exit ${code ?? signal})` });
    });
  });
}
