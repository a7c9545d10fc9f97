// The command line of the never-worse bench.

import { parseArgs } from "node:util";
import { MiB } from "../../mod.ts";
import type { WorkloadRow } from "./worse_rows.ts";
import type { Runtime } from "../../tests/support/runtimes.ts";

const LIMITS = [128, 300, 600];

/** How the bench is called. */
export const USAGE = `deno task bench:never-worse [options]

  --workload NAME   only this workload; may be given several times
  --runtime NAME    only deno, bun or node; may be given several times
  --limit MIB       only this limit, by default 128, 300 and 600; may be given several times
  --runs N          runs per cell, by default 3
  --most N          runs of a cell that loses, by default 5
  --timeout S       seconds until a run counts as stuck, by default 60
  --quick           one run each of a few workloads at 300 MiB, in less than two minutes`;

const QUICK = ["lru-70", "buffers", "sidecar", "json-server"];
const QUICK_LIMITS = [300];

/** What to run. */
export interface Selection {
  rows: WorkloadRow[];
  runtimes: Runtime[];
  /** Bytes. */
  limits: number[];
  runs: number;
  /** Milliseconds. */
  timeout: number;
  /** Up to how many runs a cell that loses gets, because one run may be noise. */
  most: number;
}

/** Parses the arguments; throws an error with a message for the user. */
export function selectionOf(args: string[], rows: WorkloadRow[], runtimes: Runtime[]): Selection {
  const { values } = parseArgs({
    args,
    options: {
      workload: { type: "string", multiple: true },
      runtime: { type: "string", multiple: true },
      limit: { type: "string", multiple: true },
      runs: { type: "string" },
      most: { type: "string" },
      timeout: { type: "string" },
      quick: { type: "boolean", default: false },
    },
  });
  const { quick } = values;
  const runs = count("--runs", values.runs ?? (quick ? "1" : "3"));
  return {
    rows: pick("--workload", rows, values.workload ?? (quick ? QUICK : undefined)),
    runtimes: pick("--runtime", runtimes, values.runtime),
    limits: (values.limit?.map((text) => count("--limit", text)) ?? (quick ? QUICK_LIMITS : LIMITS))
      .map((limit) => limit * MiB),
    runs,
    most: Math.max(runs, count("--most", values.most ?? (quick ? "1" : "5"))),
    timeout: count("--timeout", values.timeout ?? "60") * 1_000,
  };
}

function pick<T extends { name: string }>(
  option: string,
  all: T[],
  names: string[] | undefined,
): T[] {
  if (names === undefined) return all;
  return names.map((name) => {
    const found = all.find((one) => one.name === name);
    if (found !== undefined) return found;
    const known = all.map((one) => one.name).join(", ");
    throw new RangeError(`'${option}' must be one of ${known}: current value is ${name}`);
  });
}

function count(option: string, text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new RangeError(`'${option}' must be a whole number above 0: current value is ${text}`);
}
