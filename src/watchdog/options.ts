import {
  checkInterval,
  checkNumber,
  checkObject,
  checkOptionalBoolean,
  checkOptionalFunction,
  checkOptionalMethod,
  checkOptionalSignal,
  show,
} from "../check.ts";
import type { Clock } from "../clock.ts";
import type { Sampler, SamplerOptions, SamplerSource } from "../sampler.ts";
import { readSamplerSource } from "../sampler_source.ts";
import type { CollectEvent, DisarmEvent, FireEvent, IneffectiveEvent, Logger } from "./events.ts";
import { checkFraction, type GcPolicyLike, watermarks } from "./policy.ts";
import type { StormGuardOptions, StormGuardSettings } from "./storm_guard.ts";

/**
 * Heap snapshots, to find out afterwards what filled the memory. Writing one
 * stops the program: for seconds, or for a minute where the heap is large.
 *
 * Writing one also takes several times the heap, most of it outside the heap:
 * up to 160 MiB + 22 × `heapUsed` in Deno, 64 MiB + 15 × in Node, 16 MiB + 11 ×
 * in Bun (where Buffers do not count). The watchdog writes a snapshot only if
 * the cgroup and the host have that much left. Otherwise it warns once per stay
 * above the fraction, counts `snapshotsSkipped`, and tries again while the stay
 * lasts. A heap that fills most of a container therefore never gets a snapshot:
 * choose a fraction of 0.1 or less for it, or follow the heap with a limit well
 * below the container's.
 *
 * @since 0.1.0
 */
export interface HeapSnapshotOptions {
  /**
   * Folder for the files; made when missing. A file has its final name
   * (`*.heapsnapshot`) only when it is complete, and only its owner can read it.
   */
  directory: string;
  /**
   * Fraction of the limit at which one is taken, once until usage falls below.
   * Default: 0.5, or 0.9 where the watchdog follows the heap. Near a container's
   * limit there is hardly ever room.
   */
  fraction?: number | undefined;
  /** At most so many in all. Default: 3. */
  max?: number | undefined;
}

/**
 * What every kind of watchdog takes.
 *
 * @since 0.1.0
 */
export interface CommonWatchdogOptions extends Omit<SamplerOptions, "pressure"> {
  /**
   * When to collect. It is asked once before the watchdog is returned. Default:
   * `watermarks([0.6, 0.7, 0.8, 0.9])`.
   */
  policy?: GcPolicyLike | undefined;
  /** Milliseconds between two looks at the usage. Default: 25. */
  interval?: number | undefined;
  /**
   * Collects all garbage before it returns. Default: what the runtime has. If
   * it returns a promise, that is not awaited.
   */
  gc?: (() => unknown) | undefined;
  /** Calls `onFire`, but collects nothing. Default: `false`. */
  dryRun?: boolean | undefined;
  /** Bounds on how often it collects. */
  guard?: StormGuardOptions | undefined;
  /**
   * Called when the policy fires, before collecting; with `dryRun` too.
   *
   * Hooks are first called after the watchdog was returned. They may be
   * asynchronous, but are not awaited: the collection follows at once. A hook
   * that throws or rejects disables the watchdog.
   */
  onFire?: ((event: FireEvent) => unknown) | undefined;
  /** Called before each forced collection. */
  beforeCollect?: ((event: FireEvent) => unknown) | undefined;
  /** Called after each forced collection, and after the engine's own where they show. */
  afterCollect?: ((event: CollectEvent) => unknown) | undefined;
  /** Called when a forced collection freed next to nothing in this isolate. */
  onIneffective?: ((event: IneffectiveEvent) => unknown) | undefined;
  /**
   * Called when the watchdog gave up because something threw or rejected. It
   * no longer counts as running then, so another one can be started here.
   */
  onDisarm?: ((event: DisarmEvent) => unknown) | undefined;
  /** Where it reports. Default: nowhere. */
  logger?: Logger | undefined;
  /** Heap snapshots near the limit. Default: none. */
  heapSnapshots?: HeapSnapshotOptions | undefined;
  /**
   * Stops the watchdog when aborted. If it is aborted already, the watchdog
   * is returned stopped and has done nothing.
   */
  signal?: AbortSignal | undefined;
  /** Lets the process exit while it runs. Default: `true`. */
  unref?: boolean | undefined;
  /**
   * Where its figures come from; it stays open. Default: this host. With a
   * sampler of your own, the watchdog does not coordinate with those of other
   * isolates, because its figures may be of other memory.
   */
  sampler?: Sampler | undefined;
  /** What makes its ticks. Default: the global `setInterval`. */
  clock?: Clock | undefined;
}

/** The default policy: early enough for a burst, and once more at each step up. */
export const DEFAULT_POLICY: GcPolicyLike = watermarks([0.6, 0.7, 0.8, 0.9]);
export const DEFAULT_INTERVAL = 25;

const FUNCTIONS = [
  "gc",
  "onFire",
  "beforeCollect",
  "afterCollect",
  "onIneffective",
  "onDisarm",
] as const;
const LOG_METHODS = ["debug", "info", "warn", "error"] as const;

/** Throws unless every common option is one that a watchdog takes. */
export function checkCommonOptions(options: CommonWatchdogOptions): void {
  const { pressure }: SamplerOptions = readSamplerSource(options as SamplerSource).sampling;
  if (pressure !== undefined) {
    throw new TypeError(
      `'pressure' is not an option of a watchdog, which does not read it: current value is ${
        show(pressure)
      }`,
    );
  }
  checkInterval(options.interval ?? DEFAULT_INTERVAL);
  for (const name of FUNCTIONS) checkOptionalFunction(name, options[name]);
  checkOptionalBoolean("dryRun", options.dryRun);
  checkOptionalBoolean("unref", options.unref);
  checkOptionalSignal("signal", options.signal);
  checkOptionalMethod("clock", options.clock, "every");
  if (typeof options.policy !== "function") {
    checkOptionalMethod("policy", options.policy, "evaluate");
  }
  checkLogger(options.logger);
  checkSnapshots(options.heapSnapshots);
  checkedGuard(options.guard);
}

/** The guard's options with their defaults. */
export function checkedGuard(options: StormGuardOptions = {}): StormGuardSettings {
  checkObject("guard", options);
  const {
    minGap = 50,
    maxGap = 300_000,
    minFreed = 0.05,
    maxShare = 0.5,
    calmShare = 0.08,
    minFill = 0.5,
    maxIneffectiveShare = 0.1,
    minChange = 0.05,
    nearLimit = 0.9,
    maxGapNearLimit = 2_000,
  } = options;
  checkDuration("guard.minGap", minGap);
  checkDuration("guard.maxGap", maxGap);
  checkDuration("guard.maxGapNearLimit", maxGapNearLimit);
  if (maxGap < minGap) {
    throw new RangeError(
      `'guard.maxGap' must be at least minGap, ${minGap}: current value is ${maxGap}`,
    );
  }
  const fractions = {
    minFreed,
    maxShare,
    calmShare,
    minFill,
    maxIneffectiveShare,
    minChange,
    nearLimit,
  };
  for (const [name, value] of Object.entries(fractions)) checkFraction(`guard.${name}`, value);
  return { minGap, maxGap, maxGapNearLimit, ...fractions };
}

/** Throws unless `limit` is a number of bytes above 0 and within the machine's memory. */
export function checkLimit(name: string, limit: unknown, total: number | undefined): void {
  checkNumber(name, limit, "a number of bytes", "above 0 bytes", (limit) => limit > 0);
  if (limit > (total ?? Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(
      `'${name}' must be at most the machine's ${total} bytes: current value is ${limit}`,
    );
  }
}

function checkDuration(name: string, value: unknown): void {
  checkNumber(
    name,
    value,
    "a number of milliseconds",
    "above 0 and finite milliseconds",
    (value) => value > 0 && value < Infinity,
  );
}

function checkLogger(logger: Logger | undefined): void {
  if (logger === undefined) return;
  checkObject("logger", logger);
  for (const method of LOG_METHODS) checkOptionalFunction(`logger.${method}`, logger[method]);
}

function checkSnapshots(options: HeapSnapshotOptions | undefined): void {
  if (options === undefined) return;
  checkObject("heapSnapshots", options);
  const { directory, fraction = 1, max = 3 } = options;
  if (typeof directory !== "string" || directory === "") {
    throw new TypeError(
      `'heapSnapshots.directory' must be a path: current value is ${show(directory)}`,
    );
  }
  checkFraction("heapSnapshots.fraction", fraction);
  if (!(Number.isInteger(max) && max > 0)) {
    throw new RangeError(
      `'heapSnapshots.max' must be a whole number above 0: current value is ${show(max)}`,
    );
  }
}
