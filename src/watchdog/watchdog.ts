import { checkObject } from "../check.ts";
import type { MemInfo } from "../mem_info.ts";
import { openSource } from "../sampler_source.ts";
import { NotSupportedError } from "./errors.ts";
import { findCgroup, findSystem, requireSignals } from "./find_gauge.ts";
import { heapGauge } from "./gauge.ts";
import type { Watchdog } from "./handle.ts";
import type { CgroupDrivenOptions, CommonWatchdogOptions } from "./options.ts";
import { checkLimit, readCommonOptions, type WatchdogSettings } from "./settings.ts";
import { start, takeFirst } from "./start.ts";
import { DEFAULT_GROWTH, findSteering, type GrowthBounds, readGrowth } from "./steering.ts";

/**
 * Options of {@linkcode heapDriven}.
 *
 * @since 0.1.0
 */
export type HeapDrivenOptions = CommonWatchdogOptions & {
  /** Limit of the heap in bytes. */
  limit: number;
  /**
   * Bounds in percent on how far the heap may grow between the engine's own
   * collections, where that can be set (the main thread of Node, while the
   * process has no workers). `false` leaves the engine alone. Steering starts
   * at `max` and goes below it only while all collections together take less
   * than a fifth of the time (or `guard.maxShare`, if that is less). Where
   * they take more even at `max`, the engine decides. Default: 10 to 100.
   */
  growth?: { min?: number | undefined; max?: number | undefined } | false | undefined;
};

/**
 * Options of {@linkcode systemDriven}.
 *
 * @since 0.1.0
 */
export type SystemDrivenOptions = CommonWatchdogOptions & {
  /** Limit in bytes of the host memory in use. Default: all host memory. */
  limit?: number | undefined;
};

/**
 * Options of {@linkcode watchdog}. `limit` is as in {@linkcode CgroupDrivenOptions}.
 *
 * @since 0.1.0
 */
export type WatchdogOptions = CgroupDrivenOptions & {
  /**
   * Limit of the heap in bytes. If it is given, the watchdog follows the heap.
   * Default: the watchdog follows the container or the host.
   */
  heapLimit?: number | undefined;
};

/**
 * Starts a watchdog that follows the heap. In Node it
 * steers how far the heap may grow until the next of them (V8's
 * `--heap-growing-percent`). The engine then keeps to the watermarks, and the
 * watchdog forces a collection only at the limit.
 *
 * That flag holds for all threads of the process. The watchdog therefore
 * steers only in the main thread and only while there are no workers. It stops
 * steering, with a warning, when a worker starts. Without steering it collects
 * when heap use passes a watermark, as it does in Deno, which reads the flag
 * only at start-up, and in Bun, whose engine has no such flag.
 *
 * ```ts
 * import { MiB } from "@x/memctl";
 * import { adaptive, heapDriven } from "@x/memctl/watchdog";
 *
 * const dog = heapDriven({ limit: 200 * MiB, policy: adaptive(0.5) });
 * console.log(dog.scope, dog.limit);
 * dog.stop();
 * ```
 *
 * @param options The limit, the policy, the hooks and the logger.
 * @returns The running watchdog.
 * @throws {RangeError} If the limit is not above 0 and at most host memory, or another
 * option is out of range.
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {AlreadyStartedError} If a watchdog is running.
 * @throws {NotSupportedError} If this runtime cannot be made to collect.
 * @since 0.1.0
 */
export function heapDriven(options: HeapDrivenOptions): Watchdog {
  const settings = readCommonOptions(options, "heap", false);
  return followHeap(settings, "limit", options.limit, readGrowth(options.growth));
}

/**
 * Follows the container's memory: limit and usage of the cgroup level that
 * binds, by default without the page cache that goes first. A limit that cannot
 * be seen from inside can be given as `limit`.
 *
 * ```ts
 * import { cgroupDriven, NotSupportedError, systemDriven } from "@x/memctl/watchdog";
 *
 * let dog;
 * try {
 *   dog = cgroupDriven({});
 * } catch (error) {
 *   if (!(error instanceof NotSupportedError)) throw error;
 *   dog = systemDriven({}); // no container, or one without a limit
 * }
 * dog.stop();
 * ```
 *
 * @param options The policy, the hooks and the logger.
 * @returns The running watchdog.
 * @throws {NotSupportedError} If no cgroup limit is known, or this runtime cannot be made to
 * collect.
 * @throws {AlreadyStartedError} If a watchdog is running.
 * @throws {RangeError} If an option is out of range.
 * @throws {TypeError} If an option is of the wrong type.
 * @since 0.1.0
 */
export function cgroupDriven(options: CgroupDrivenOptions = {}): Watchdog {
  const settings = readCommonOptions(options, "cgroup");
  const { limit } = settings.sampling;
  return start(
    settings,
    "cgroup",
    ["headroom"],
    ({ first, sampler }) => findCgroup(first, sampler, limit),
  );
}

/**
 * Starts a watchdog that follows host memory.
 *
 * ```ts
 * import { systemDriven, watermarks } from "@x/memctl/watchdog";
 *
 * const dog = systemDriven({ interval: 1_000, policy: watermarks([0.8, 0.9]) });
 * console.log(dog.limit); // all host memory
 * dog.stop();
 * ```
 *
 * @param options The limit, the policy, the hooks and the logger.
 * @returns The running watchdog.
 * @throws {RangeError} If the limit is not above 0 and at most host memory, or another
 * option is out of range.
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {AlreadyStartedError} If a watchdog is running.
 * @throws {NotSupportedError} If host memory cannot be read, or this runtime cannot be
 * made to collect.
 * @since 0.1.0
 */
export function systemDriven(options: SystemDrivenOptions = {}): Watchdog {
  const settings = readCommonOptions(options, "system", false);
  const { limit } = options;
  if (limit !== undefined) checkLimit("limit", limit, undefined);
  return start(
    settings,
    "system",
    ["systemTotal", "systemAvailable"],
    ({ first, sampler }) => findSystem(first, sampler, limit),
  );
}

/**
 * Starts the watchdog that fits. It follows the heap if `heapLimit` is given, else
 * the container if it has a limit, else the host. `scope` says which.
 *
 * ```ts
 * import { watchdog } from "@x/memctl/watchdog";
 *
 * const dog = watchdog({
 *   onIneffective: ({ used, heapUsed }) => console.warn(`${used} in use, ${heapUsed} in this heap`),
 * });
 * console.log(dog.scope);
 * dog.stop();
 * ```
 *
 * @param options The heap limit, if any, the policy, the hooks and the logger.
 * @returns The running watchdog.
 * @throws {RangeError} If an option is out of range.
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {AlreadyStartedError} If a watchdog is running.
 * @throws {NotSupportedError} If nothing can be followed, or this runtime cannot be made to
 * collect.
 * @since 0.1.0
 */
export function watchdog(options: WatchdogOptions = {}): Watchdog {
  checkObject("options", options);
  const { heapLimit } = options;
  if (heapLimit !== undefined) {
    return followHeap(readCommonOptions(options, "heap"), "heapLimit", heapLimit, DEFAULT_GROWTH);
  }
  const settings = readCommonOptions(options, "cgroup");
  // Where there is no cgroup limit, headroom is that of the host.
  return start(settings, "cgroup", ["headroom"], ({ first, sampler, logger }) => {
    try {
      return findCgroup(first, sampler, settings.sampling.limit);
    } catch (error) {
      if (!(error instanceof NotSupportedError)) throw error;
      logger.info?.(`watchdog: ${error.message}`);
      return findSystem(first, sampler, undefined);
    }
  });
}

/** @param name The option that gave the limit. */
function followHeap(
  settings: WatchdogSettings,
  name: string,
  limit: number,
  bounds: GrowthBounds | false,
): Watchdog {
  checkLimit(name, limit, undefined);
  const { clock, guard: { maxShare } } = settings;
  return start(settings, "heap", ["heapUsed"], ({ first, sampler, logger, fail }) => {
    checkLimit(name, limit, hostMemory(settings, first));
    requireSignals("heapDriven", first, sampler, "heapUsed");
    return {
      gauge: heapGauge(limit),
      steering: findSteering({ bounds, maxShare, clock, logger, fail }),
    };
  });
}

/** Bytes of host memory; `undefined`: unknown. It is not among the fields that are polled. */
function hostMemory(
  { sampler, sampling }: WatchdogSettings,
  first: MemInfo | undefined,
): number | undefined {
  if (sampler !== undefined) return first?.systemTotal;
  const { sampler: own, close } = openSource({
    sampler,
    sampling: { ...sampling, fields: ["systemTotal"] },
  });
  try {
    return takeFirst(own)?.systemTotal;
  } finally {
    close();
  }
}
