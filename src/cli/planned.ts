// What plan and exec have in common: the limit, the options, and the report.

import { formatBytes } from "../bytes.ts";
import { type Plan, plan, type RuntimePlan } from "../plan/plan.ts";
import { PLANNED_RUNTIMES, type PlannedRuntime } from "../plan/measured.ts";
import type { PlanOptions } from "../plan/options.ts";
import { limitHere } from "../plan/plan_here.ts";
import type { Environment, Setting } from "../plan/setting.ts";
import type { Flags } from "./flags.ts";
import { numberOf } from "./numbers.ts";
import { sizeOf, sizeOrShareOf } from "./sizes.ts";
import { statedLimit } from "./stated_limit.ts";
import { UsageError } from "./usage_error.ts";

/** The limit to plan for. */
export interface Limit {
  /** Bytes; `Infinity`: there is none. */
  bytes: number;
  /** Where it comes from. */
  source: string;
}

/** A plan for every runtime that fits. */
export interface Planned {
  limit: Limit;
  /** `undefined`: there is no limit. */
  plan: Plan | undefined;
  /** Why a runtime is not in the plan. */
  problems: string[];
}

/** The smaller of the stated limit and the effective limit. */
export async function limitOf(flags: Flags): Promise<Limit> {
  const stated = statedLimit(flags);
  const { bytes, source, problem } = await limitHere();
  if (stated !== undefined && stated.bytes <= bytes) return { ...stated };
  if (problem !== undefined) {
    throw new UsageError(`${problem}: start it with --limit SIZE, or mend that`);
  }
  return { bytes, source };
}

/** Plans for one runtime, or for every one that fits the limit. */
export async function planned(
  flags: Flags,
  runtime: PlannedRuntime | undefined,
  given: { environment: Environment; flags: readonly string[]; launchers: number },
): Promise<Planned> {
  const options = { ...optionsOf(flags), environment: given.environment, flags: given.flags };
  const limit = await limitOf(flags);
  if (limit.bytes === Infinity) return { limit, plan: undefined, problems: [] };
  const launchers = given.launchers;
  if (runtime !== undefined) {
    return { limit, plan: planOrRefuse(limit, { ...options, runtime, launchers }), problems: [] };
  }
  const problems: string[] = [];
  const plans: Plan[] = [];
  for (const runtime of PLANNED_RUNTIMES) {
    try {
      plans.push(planOrRefuse(limit, { ...options, runtime, launchers }));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problems.push(error.message);
    }
  }
  const [first] = plans;
  if (first === undefined) throw new UsageError(problems.join("; "));
  const runtimes = Object.assign({}, ...plans.map(({ runtimes }) => runtimes));
  return { limit, plan: { ...first, runtimes }, problems };
}

/** Each variable of the plan once, for runtimes in the order of the report. */
export function variablesOf({ runtimes }: Plan): Setting[] {
  const byName = new Map<string, Setting>();
  for (const runtime of Object.values(runtimes)) {
    for (const setting of runtime.environment) byName.set(setting.name, setting);
  }
  return [...byName.values()];
}

/** The plan for people. */
export function report({ limit, plan, problems }: Planned): string {
  if (plan === undefined) return `${NO_LIMIT}\n`;
  const { processes, share, reserve } = plan;
  const lines = [
    `limit: ${formatBytes(limit.bytes)} (${limit.source})`,
    `for each of ${processes} ${processes === 1 ? "process" : "processes"}: ${
      formatBytes(share)
    }, reserve: ${formatBytes(reserve)}`,
  ];
  for (const runtime of PLANNED_RUNTIMES) {
    const one = plan.runtimes[runtime];
    if (one !== undefined) lines.push("", ...reportOf(runtime, one));
  }
  return `${[...lines, ...problems.map((problem) => `\nleft out: ${problem}`)].join("\n")}\n`;
}

/** Printed when there is nothing to plan for. */
export const NO_LIMIT = "memctl: there is no memory limit, so nothing is changed";

/** A word for a shell, quoted if it must be. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function reportOf(
  runtime: PlannedRuntime,
  { heap, young, workers, environment, kept }: RuntimePlan,
): string[] {
  return [
    `${runtime}: heap ${formatBytes(heap)}, young generation ${formatBytes(young)}` +
    (workers === 0 ? "" : `, for the main thread and each of ${workers} workers`),
    ...environment.flatMap(({ name, value, reason }) => [
      `  ${name}=${quoted(value)}`,
      `      ${reason}`,
    ]),
    ...kept.flatMap(({ name, value, reason }) => [`  kept: ${name}: ${value}`, `      ${reason}`]),
  ];
}

function optionsOf(flags: Flags): PlanOptions {
  const count = (name: string, text: string | undefined, fallback: number, least: number) =>
    numberOf(name, text, fallback, { least, most: 10_000, whole: true });
  const fit = flags.workers === "fit";
  if (fit && flags["worker-bytes"] === undefined) {
    throw new UsageError("--workers fit needs --worker-bytes SIZE");
  }
  return {
    processes: count("processes", flags.processes, 1, 1),
    workers: fit ? "fit" : count("workers", flags.workers, 0, 0),
    workerBytes: sizeOf("worker-bytes", flags["worker-bytes"]),
    buffers: sizeOf("buffers", flags.buffers),
    reserve: sizeOrShareOf("reserve", flags.reserve),
  };
}

/** plan() with errors of the command line. */
function planOrRefuse({ bytes }: Limit, options: PlanOptions): Plan {
  try {
    return plan(bytes, options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(error.message.replace("'limit'", "the limit"));
  }
}
