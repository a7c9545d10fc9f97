import { formatBytes, MiB } from "../bytes.ts";
import { bunSettings } from "./bun_settings.ts";
import { denoSettings } from "./deno_settings.ts";
import { divide, leastShare, SEMI_SPACES } from "./divide.ts";
import { mallocSettings } from "./malloc_settings.ts";
import type { PlannedRuntime } from "./measured.ts";
import { nodeSettings } from "./node_settings.ts";
import { type PlanOptions, type ReadOptions, readPlanOptions } from "./options.ts";
import type { Given, Setting, Settings, Sizes } from "./setting.ts";

/**
 * What `plan()` computes for one runtime. Sizes are bytes.
 *
 * @since 0.1.0
 */
export interface RuntimePlan {
  /**
   * Limit of the old generation of the main thread, and of each worker. Bun has no such limit: its
   * engine collects as often as on a host with this much memory.
   */
  readonly heap: number;
  /** Limit of the young generation of each. 0 for Bun, which has none that can be set. */
  readonly young: number;
  /** Worker threads per process. */
  readonly workers: number;
  /** The same limits as `new Worker(file, { resourceLimits })` takes them, in MiB. */
  readonly resourceLimits: {
    readonly maxOldGenerationSizeMb: number;
    readonly maxYoungGenerationSizeMb: number;
  };
  /** Flags for the command line. They do the same as `environment`. */
  readonly flags: readonly Setting[];
  /** Variables to set. */
  readonly environment: readonly Setting[];
  /** Settings of the user. The plan does not change them. */
  readonly kept: readonly Setting[];
}

/**
 * What `plan()` gives.
 *
 * @since 0.1.0
 */
export interface Plan {
  /** The limit that it was made for, in bytes. */
  readonly limit: number;
  /** Bytes of the limit that no process plans with. */
  readonly reserve: number;
  /** Number of processes that share the limit. */
  readonly processes: number;
  /** Bytes for each process. */
  readonly share: number;
  /** One plan for each runtime that was asked for. */
  readonly runtimes: { readonly [runtime in PlannedRuntime]?: RuntimePlan };
}

const SETTINGS: Record<PlannedRuntime, (sizes: Sizes, given: Given) => Settings> = {
  deno: denoSettings,
  bun: bunSettings,
  node: nodeSettings,
};

/**
 * Computes heap sizes, a number of workers, flags and environment variables
 * that fit a memory limit. It reads nothing and changes nothing.
 *
 * ```ts
 * import { MiB } from "@x/memctl";
 * import { plan } from "@x/memctl/plan";
 *
 * const { runtimes } = plan(512 * MiB, { processes: 2, environment: process.env });
 * for (const { name, value, reason } of runtimes.node!.environment) {
 *   console.log(`${name}=${value}  # ${reason}`);
 * }
 * ```
 *
 * @param limit Bytes that all processes may use together.
 * @param options What shares the limit, and what is set already.
 * @returns The plan.
 * @throws {RangeError} If the limit is too small; the message tells the smallest one. Also if an
 * option is out of range.
 * @throws {TypeError} If an option is of the wrong type.
 * @since 0.1.0
 */
export function plan(limit: number, options: PlanOptions = {}): Plan {
  const read = readPlanOptions(limit, options);
  const { reserve, processes } = read;
  const share = Math.max(0, Math.floor((limit - reserve) / processes));
  const runtimes: { [runtime in PlannedRuntime]?: RuntimePlan } = {};
  for (const runtime of read.runtimes) runtimes[runtime] = runtimePlan(runtime, share, read);
  return { limit, reserve, processes, share, runtimes };
}

function runtimePlan(runtime: PlannedRuntime, share: number, options: ReadOptions): RuntimePlan {
  const division = divide(share, runtime, options);
  if (division === undefined) throw tooSmall(runtime, share, options);
  const { heap, semiSpace, workers } = division;
  const young = SEMI_SPACES * semiSpace;
  const settings = SETTINGS[runtime]({ heap, semiSpace, share }, options);
  const malloc = mallocSettings(options.environment);
  return {
    heap,
    young,
    workers,
    resourceLimits: {
      maxOldGenerationSizeMb: Math.floor(heap / MiB),
      maxYoungGenerationSizeMb: young / MiB,
    },
    flags: settings.flags,
    environment: [...settings.environment, ...malloc.environment],
    kept: [...settings.kept, ...malloc.kept],
  };
}

function tooSmall(runtime: PlannedRuntime, share: number, options: ReadOptions): RangeError {
  const { limit, reserve, processes } = options;
  const share0 = leastShare(runtime, options);
  const least = Math.ceil((share0 * processes + reserve) / MiB) * MiB;
  const parts = processes === 1 && reserve === 0 ? "" : `, ${formatBytes(share)} per process`;
  return new RangeError(
    `'limit' must be at least ${formatBytes(least)} for ${runtime} with these options: ` +
      `current value is ${formatBytes(limit)}${parts}`,
  );
}
