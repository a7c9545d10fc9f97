// One run of one workload in a container with a limit.

import { fileURLToPath } from "node:url";
import { MiB } from "../../mod.ts";
import { ChildGroup, type Ended, type Hierarchy } from "../../tests/e2e/child_group.ts";
import type { Runtime } from "../../tests/support/runtimes.ts";
import type { WatchdogCounters } from "../../watchdog.ts";
import { type Protection, sizes, type Weight, type WorkloadRow } from "./worse_rows.ts";

const WEIGH_LIMIT = 2048 * MiB;
const POLL = 20;

/** How a run went. */
export interface Run {
  outcome: Ended["outcome"];
  output: string;
  /** Milliseconds that the work took, if it was finished. */
  worked: number | undefined;
  /** Milliseconds of CPU time of the process, if it finished. */
  cpu: number | undefined;
  /** Bytes. */
  peak: number | undefined;
  counters: WatchdogCounters | undefined;
}

/** Where to run what. */
export interface RunOptions {
  row: WorkloadRow;
  runtime: Runtime;
  /** The watchdog may have watermarks of its own. */
  mode: "bare" | Protection | `watchdog=${string}`;
  /** Bytes. */
  limit: number;
  /** Whether the workload is of the size for this limit, and the limit is not set. */
  isOpen?: boolean;
  weight: Weight;
  hierarchy: Hierarchy & { problem?: never };
  /** Milliseconds. */
  timeout: number;
}

/** Runs a workload to its end, or until the time-out. */
export async function runOnce(options: RunOptions): Promise<Run> {
  const { row, runtime, mode, limit, isOpen = false, weight, hierarchy, timeout } = options;
  const command = [...runtime.command, fileOf(row.file), mode, ...sizes(row, limit, weight)];
  return await inGroup(hierarchy, isOpen ? "max" : limit, async (group) => {
    if (row.sidecar !== undefined) await fill(group, row.sidecar * (limit - weight.own));
    let served: number | undefined;
    const { use } = row;
    const ended = await group.run(
      command,
      timeout,
      use && (async (server) => served = await use(server)),
    );
    const { milliseconds, counters } = reportOf(ended.output) as Partial<Report>;
    const cpu = /^cpu (\d+)$/m.exec(ended.output)?.[1];
    return {
      outcome: ended.outcome,
      output: ended.output,
      worked: use === undefined ? milliseconds : served,
      cpu: cpu === undefined ? undefined : Number(cpu),
      peak: group.peak,
      counters,
    };
  });
}

/** What a runtime takes by itself, and for one batch. */
export async function weigh(
  runtime: Runtime,
  hierarchy: Hierarchy & { problem?: never },
): Promise<Weight> {
  return await inGroup(hierarchy, WEIGH_LIMIT, async (group) => {
    const { output } = await group.run([...runtime.command, fileOf("weigh"), "bare"], 30_000);
    const weight = reportOf(output) as Partial<Weight>;
    if (!(weight.own! > 0 && weight.batch! > 0)) {
      throw new Error(`${runtime.name} cannot be weighed: ${output}`);
    }
    return weight as Weight;
  });
}

interface Report {
  milliseconds: number;
  counters: WatchdogCounters;
}

function reportOf(output: string): object {
  const line = /^\{.*\}$/m.exec(output)?.[0];
  return line === undefined ? {} : JSON.parse(line);
}

function fileOf(name: string): string {
  return fileURLToPath(new URL(`../../tests/e2e/workloads/${name}.ts`, import.meta.url));
}

async function inGroup<T>(
  { version, folder }: Hierarchy & { problem?: never },
  limit: number | "max",
  use: (group: ChildGroup) => Promise<T>,
): Promise<T> {
  const group = new ChildGroup(version, folder);
  try {
    group.forbidSwap();
    group.setLimit(limit);
    return await use(group);
  } finally {
    await group.remove();
  }
}

/** Starts a process that holds so many bytes, and that the kernel does not choose to kill. */
async function fill(group: ChildGroup, bytes: number): Promise<void> {
  const script = "echo -1000 > /proc/self/oom_score_adj; " +
    '(head -c "$0" /dev/zero; exec sleep 600) | tail -n 1';
  const sidecar = group.spawn(["sh", "-c", script, String(Math.floor(bytes))]);
  while (group.usage < bytes) {
    if (sidecar.exitCode !== null || sidecar.signalCode !== null) {
      throw new Error("the sidecar ended before it had filled its share");
    }
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}
