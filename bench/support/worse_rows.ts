// The workloads of the never-worse bench, and how large each is.

import type { ChildProcess } from "node:child_process";
import { MiB } from "../../mod.ts";

/** What a runtime takes by itself, and what one batch of objects takes. */
export interface Weight {
  /** Bytes. */
  own: number;
  /** Bytes. */
  batch: number;
}

/** What protects a process. */
export type Protection = "watchdog" | "shed";

/** One workload. */
export interface WorkloadRow {
  name: string;
  /** In tests/e2e/workloads, without the extension. */
  file: string;
  protections: Protection[];
  /** Share of the budget, which is the limit less what the runtime takes, that is live. */
  live: number;
  /** Bytes of one live unit; by default a batch of objects. */
  unit?: number;
  /** How much is done, for a limit in bytes. */
  work: (limit: number) => number;
  /** Share of the budget that another process in the container fills. */
  sidecar?: number;
  /** The clients of a server. */
  use?: (server: ChildProcess) => Promise<number>;
}

/** The command line's workloads, by the order of the table. */
export function workloads(serve: NonNullable<WorkloadRow["use"]>): WorkloadRow[] {
  const programs: Omit<WorkloadRow, "protections">[] = [
    { name: "allocations", file: "allocations", live: 0.3, work: () => 1_000 },
    { name: "lru-70", file: "lru", live: 0.7, work: () => 2_400 },
    { name: "lru-91", file: "lru", live: 0.91, work: () => 2_400 },
    { name: "buffers", file: "buffers", live: 0.3, unit: MiB, work: () => 1_000 },
    { name: "page-cache", file: "page_cache", live: 0.2, work: (limit) => limit / MiB * 1.3 },
    { name: "workers", file: "workers", live: 0.2, work: () => 1_200 },
    { name: "sidecar", file: "allocations", live: 0.05, sidecar: 0.6, work: () => 1_000 },
    { name: "blocks", file: "blocks", live: 0.3, work: () => 1_000 },
  ];
  const server: WorkloadRow = {
    name: "json-server",
    file: "json_server",
    protections: ["watchdog", "shed"],
    live: 0.5,
    work: () => 0,
    use: serve,
  };
  return [
    ...programs.map((row): WorkloadRow => ({ ...row, protections: ["watchdog"] })),
    server,
  ];
}

/** The arguments of a workload: live units and work. */
export function sizes(row: WorkloadRow, limit: number, { own, batch }: Weight): string[] {
  const live = Math.floor(row.live * (limit - own) / (row.unit ?? batch));
  return [String(live), String(Math.round(row.work(limit)))];
}
