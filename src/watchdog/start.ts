import { checkOptionalMethod } from "../check.ts";
import { openSampler, systemClock } from "../host/sampling.ts";
import type { MemInfo, SignalName } from "../mem_info.ts";
import type { Sampler } from "../sampler.ts";
import type { Scope } from "../scope.ts";
import { isThenable } from "../thenable.ts";
import { findForceGc, findRequestGc } from "../host/gc.ts";
import { openIsolateChannel } from "../host/watchdog.ts";
import { Dog } from "./dog.ts";
import { EarlyGc } from "./early_gc.ts";
import { AlreadyStartedError, NotSupportedError } from "./errors.ts";
import type { Logger } from "./events.ts";
import { cgroupGauge, type Gauge, heapGauge, systemGauge } from "./gauge.ts";
import { stoppedWatchdog, type Watchdog } from "./handle.ts";
import {
  checkCommonOptions,
  checkedGuard,
  checkLimit,
  type CommonWatchdogOptions,
} from "./options.ts";
import { SnapshotTaker } from "./snapshots.ts";
import { checkGrowth, findSteering, type Steering } from "./steering.ts";
import { StormGuard } from "./storm_guard.ts";
import { followLogger } from "./user_code.ts";

/**
 * Options of {@linkcode heapDriven}.
 *
 * @since 0.1.0
 */
export interface HeapDrivenOptions extends CommonWatchdogOptions {
  /** Bytes of heap to stay below. */
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
}

/**
 * Options of {@linkcode systemDriven}.
 *
 * @since 0.1.0
 */
export interface SystemDrivenOptions extends CommonWatchdogOptions {
  /** Bytes of the machine's memory to stay below. Default: all of it. */
  limit?: number | undefined;
}

/**
 * Options of {@linkcode watchdog}.
 *
 * @since 0.1.0
 */
export interface WatchdogOptions extends CommonWatchdogOptions {
  /** Bytes of heap to stay below. If given, the watchdog follows the heap. */
  heapLimit?: number | undefined;
}

/**
 * Follows the heap and reacts to the engine's own collections. In Node it
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
 * console.log(dog.mode, dog.limit);
 * dog.stop();
 * ```
 *
 * @param options The limit, the policy, and who is told.
 * @returns The running watchdog.
 * @throws {RangeError} If the limit is not above 0 and within the machine's memory, or another
 * option is out of range.
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {AlreadyStartedError} If a watchdog is running.
 * @throws {NotSupportedError} If this runtime cannot be made to collect.
 * @since 0.1.0
 */
export function heapDriven(options: HeapDrivenOptions): Watchdog {
  checkCommonOptions(options);
  checkLimit("limit", options.limit, undefined);
  const bounds = checkGrowth(options.growth);
  return start(options, "heap", (first, sampler, logger) => {
    checkLimit("limit", options.limit, first?.systemTotal);
    requireSignals("heapDriven", first, sampler, "heapUsed");
    const { maxShare } = checkedGuard(options.guard);
    const clock = options.clock ?? systemClock;
    return {
      gauge: heapGauge(options.limit),
      steering: findSteering({ bounds, maxShare, clock, logger }),
    };
  });
}

/**
 * Follows the container's memory: limit and usage of the cgroup level that
 * binds, by default without the page cache that goes first.
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
 * @param options The policy, and who is told.
 * @returns The running watchdog.
 * @throws {NotSupportedError} If no cgroup limit is known, or this runtime cannot be made to
 * collect.
 * @throws {AlreadyStartedError} If a watchdog is running.
 * @throws {RangeError} If an option is out of range.
 * @throws {TypeError} If an option is of the wrong type.
 * @since 0.1.0
 */
export function cgroupDriven(options: CommonWatchdogOptions = {}): Watchdog {
  checkCommonOptions(options);
  return start(options, "cgroup", findCgroup);
}

/**
 * Follows the machine's memory.
 *
 * ```ts
 * import { systemDriven, watermarks } from "@x/memctl/watchdog";
 *
 * const dog = systemDriven({ interval: 1_000, policy: watermarks(0.8, 0.9) });
 * console.log(dog.limit); // all of the machine's memory
 * dog.stop();
 * ```
 *
 * @param options The limit, the policy, and who is told.
 * @returns The running watchdog.
 * @throws {RangeError} If the limit is not above 0 and within the machine's memory, or another
 * option is out of range.
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {AlreadyStartedError} If a watchdog is running.
 * @throws {NotSupportedError} If the machine's memory cannot be read, or this runtime cannot be
 * made to collect.
 * @since 0.1.0
 */
export function systemDriven(options: SystemDrivenOptions = {}): Watchdog {
  checkCommonOptions(options);
  const { limit } = options;
  if (limit !== undefined) checkLimit("limit", limit, undefined);
  return start(options, "system", (first, sampler) => findSystem(first, sampler, limit));
}

/**
 * The watchdog that fits: follows the heap if a heap limit is given, else the
 * container if it has a limit, else the machine. `mode` says which.
 *
 * ```ts
 * import { watchdog } from "@x/memctl/watchdog";
 *
 * const dog = watchdog({
 *   onIneffective: ({ used, heapUsed }) => console.warn(`${used} in use, ${heapUsed} in this heap`),
 * });
 * console.log(dog.mode);
 * dog.stop();
 * ```
 *
 * @param options The heap limit, if any, the policy, and who is told.
 * @returns The running watchdog.
 * @throws {RangeError} If an option is out of range.
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {AlreadyStartedError} If a watchdog is running.
 * @throws {NotSupportedError} If nothing can be followed, or this runtime cannot be made to
 * collect.
 * @since 0.1.0
 */
export function watchdog(options: WatchdogOptions = {}): Watchdog {
  checkCommonOptions(options);
  const { heapLimit, ...common } = options;
  if (heapLimit !== undefined) {
    checkLimit("heapLimit", heapLimit, undefined);
    return heapDriven({ ...common, limit: heapLimit });
  }
  return start(common, "cgroup", (first, sampler, logger) => {
    try {
      return findCgroup(first, sampler);
    } catch (error) {
      if (!(error instanceof NotSupportedError)) throw error;
      logger.info?.(`watchdog: ${error.message}`);
      return findSystem(first, sampler, undefined);
    }
  });
}

/** What differs between the ways to watch. */
interface Way {
  gauge: Gauge;
  steering?: Steering | undefined;
}

function findCgroup(first: MemInfo | undefined, sampler: Sampler): Way {
  if (first === undefined) {
    throw new NotSupportedError("cgroupDriven needs a cgroup, and this platform has none");
  }
  requireSignals("cgroupDriven", first, sampler, "cgroupLimit", "cgroupCurrent");
  if (first.cgroupLimit === Infinity) {
    const { source } = sampler.signals.cgroupLimit;
    throw new NotSupportedError(
      `cgroupDriven needs a cgroup limit, and none is set (${source}); systemDriven or heapDriven would work`,
    );
  }
  return { gauge: cgroupGauge };
}

function findSystem(
  first: MemInfo | undefined,
  sampler: Sampler,
  limit: number | undefined,
): Way {
  if (limit !== undefined) checkLimit("limit", limit, first?.systemTotal);
  requireSignals("systemDriven", first, sampler, "systemTotal", "systemAvailable");
  return { gauge: systemGauge(limit) };
}

/** Registered by name, so that two copies of the module know of each other. */
const RUNNING = Symbol.for("@x/memctl/watchdog");
const isolate = globalThis as { [RUNNING]?: unknown };

/** The isolate's one place for a watchdog. It is taken before code of the user's runs. */
class Place {
  take(): void {
    if (isolate[RUNNING] !== undefined) {
      throw new AlreadyStartedError("a watchdog is already running in this isolate: stop it first");
    }
    isolate[RUNNING] = this;
  }

  leave(): void {
    if (isolate[RUNNING] === this) delete isolate[RUNNING];
  }
}

/** Everything is taken, or nothing is. */
function start(
  options: CommonWatchdogOptions,
  scope: Scope,
  find: (first: MemInfo | undefined, sampler: Sampler, logger: Logger) => Way,
): Watchdog {
  checkOptionalMethod("clock", options.clock, "now");
  const { signal } = options;
  if (signal?.aborted) return stoppedWatchdog(scope);
  const place = new Place();
  place.take();
  let opened: Sampler | undefined;
  let way: Way | undefined;
  let dog: Dog | undefined;
  let left = false;
  const leave = () => {
    if (left) return;
    left = true;
    place.leave();
    opened?.close();
  };
  try {
    // Before there is a watchdog, only a start that failed could be told of a
    // rejection, and that has a failure of its own.
    const logger = followLogger(
      options.logger ?? {},
      (during, reason) => dog?.fail(during, reason),
    );
    const gc = options.collect === false ? () => {} : options.gc ?? findForceGc();
    if (gc === undefined) {
      throw new NotSupportedError(
        "this runtime cannot be made to collect: start it with --expose-gc, or pass gc",
      );
    }
    if (options.sampler === undefined) {
      opened = openSampler({ ...options, usage: options.usage ?? "workingSet" });
    }
    const sampler = options.sampler ?? opened!;
    const first = takeFirst(sampler);
    way = find(first, sampler, logger);
    const { clock = systemClock, heapSnapshots } = options;
    dog = new Dog({
      options,
      gauge: way.gauge,
      gc,
      guard: new StormGuard(checkedGuard(options.guard)),
      early: findEarly(options),
      sampler,
      clock,
      steering: way.steering,
      snapshots: heapSnapshots && new SnapshotTaker(heapSnapshots, way.gauge.scope, logger),
      logger,
      openChannel: options.sampler === undefined
        ? (receive) => openIsolateChannel("@x/memctl/watchdog", receive)
        : undefined,
      onStop: leave,
    }, first);
    logger.info?.(`watchdog: follows the ${dog.mode}, limit ${dog.limit ?? "not known yet"} bytes`);
  } catch (error) {
    dog?.stop();
    way?.steering?.stop();
    leave();
    throw error;
  }
  // A logger may have aborted it.
  if (signal?.aborted) dog.stop();
  return dog;
}

/** None where the caller collects, or nobody does. */
function findEarly({ collect, gc }: CommonWatchdogOptions): EarlyGc | undefined {
  if (collect === false || gc !== undefined) return undefined;
  const request = findRequestGc();
  return request && new EarlyGc(request);
}

/** A first snapshot, or `undefined` where the sampler needs time for it. */
function takeFirst(sampler: Sampler): MemInfo | undefined {
  const first = sampler.sample();
  if (!isThenable(first)) return first;
  // It is only looked at where it is there at once; the ticks report failures.
  first.then(undefined, () => {});
  return undefined;
}

function requireSignals(
  way: string,
  info: MemInfo | undefined,
  sampler: Sampler,
  ...names: SignalName[]
): void {
  if (info === undefined) return;
  for (const name of names) {
    if (info[name] !== undefined) continue;
    const { reason, source } = sampler.signals[name];
    throw new NotSupportedError(`${way} needs ${name}: ${reason ?? `${source} cannot be read`}`);
  }
}
