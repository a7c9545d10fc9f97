import { checkNumber, checkObject, checkOneOf, show } from "../check.ts";
import { inBytes, parseSize, type Size } from "../size.ts";
import { PLANNED_RUNTIMES, type PlannedRuntime } from "./measured.ts";
import type { Environment } from "./setting.ts";

/**
 * Options of `plan()` and `planHere()`.
 *
 * @since 0.1.0
 */
export interface PlanOptions {
  /** Number of processes that share the limit, from 1 up. Default: 1. */
  processes?: number | undefined;
  /**
   * Worker threads in each process, from 0 up. `"fit"`: as many as fit, with `workerBytes` for
   * each and at most one per core. Default: 0.
   */
  workers?: number | "fit" | undefined;
  /**
   * Bytes that one worker needs for its heap, above 0. A limit that cannot give that much to each
   * worker is an error. Default: as much as each gets.
   */
  workerBytes?: number | undefined;
  /** Bytes per process for buffers, WebAssembly and native code, from 0 up. Default: 0. */
  buffers?: number | undefined;
  /** Memory that no process may plan with: bytes, or a share of the limit. Default: 0. */
  reserve?: Size | 0 | undefined;
  /** The only runtime to plan for. Default: all three. */
  runtime?: PlannedRuntime | undefined;
  /**
   * Processes of the runtime that only start the others, as npm does for `npm run`. The plan
   * subtracts what they use. Default: 0.
   */
  launchers?: number | undefined;
  /** Processor cores, for `workers: "fit"`. Default: what the runtime reports. */
  cores?: number | undefined;
  /**
   * Variables that are set already. The plan keeps them, and tells which ones. Pass `process.env`.
   * Default: none.
   */
  environment?: Environment | undefined;
  /** Flags that the runtime is started with already; the same holds for them. Default: none. */
  flags?: readonly string[] | undefined;
}

/** Options that were checked. Sizes are bytes. */
export interface ReadOptions {
  readonly limit: number;
  readonly reserve: number;
  readonly processes: number;
  readonly workers: number | "fit";
  readonly workerBytes: number;
  readonly buffers: number;
  readonly launchers: number;
  readonly cores: number;
  readonly runtimes: readonly PlannedRuntime[];
  readonly environment: Environment;
  readonly flags: readonly string[];
}

/** Reads each option once, and checks it. */
export function readPlanOptions(limit: unknown, options: PlanOptions): ReadOptions {
  checkNumber(
    "limit",
    limit,
    "a number of bytes",
    "at least 1 byte and finite",
    (value) => value >= 1 && value < Infinity,
  );
  checkObject("options", options);
  const {
    processes = 1,
    workers = 0,
    workerBytes,
    buffers = 0,
    reserve = 0,
    runtime,
    launchers = 0,
    cores = globalThis.navigator?.hardwareConcurrency ?? 1,
    environment = {},
    flags = [],
  } = options;
  checkCount("processes", processes, 1);
  if (typeof workers === "string" && workers !== "fit") {
    throw new TypeError(`'workers' must be a number or "fit": current value is ${show(workers)}`);
  }
  if (workers !== "fit") checkCount("workers", workers, 0);
  if (workerBytes !== undefined) checkBytes("workerBytes", workerBytes, 1);
  else if (workers === "fit") {
    throw new TypeError(`'workerBytes' must be given with workers: "fit"`);
  }
  checkBytes("buffers", buffers, 0);
  checkCount("launchers", launchers, 0);
  checkCount("cores", cores, 1);
  checkOneOf("runtime", runtime, PLANNED_RUNTIMES);
  checkObject("environment", environment);
  if (!Array.isArray(flags)) {
    throw new TypeError(`'flags' must be an array: current value is ${show(flags)}`);
  }
  return {
    limit,
    reserve: reserve === 0 ? 0 : inBytes(parseSize("reserve", reserve), limit),
    processes,
    workers,
    workerBytes: workerBytes ?? 0,
    buffers,
    launchers,
    cores,
    runtimes: runtime === undefined ? PLANNED_RUNTIMES : [runtime],
    environment: { ...environment },
    flags: [...flags],
  };
}

function checkCount(name: string, value: unknown, least: number): asserts value is number {
  checkNumber(
    name,
    value,
    "a number",
    `a whole number from ${least} up`,
    (value) => value >= least && Number.isSafeInteger(value),
  );
}

function checkBytes(name: string, value: unknown, least: number): asserts value is number {
  const rule = `at least ${least} and finite`;
  checkNumber(
    name,
    value,
    "a number of bytes",
    rule,
    (value) => value >= least && value < Infinity,
  );
}
