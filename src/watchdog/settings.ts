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
import { systemClock } from "../host/sampling.ts";
import { readSamplerSource, refuseSampling, type SourceSettings } from "../sampler_source.ts";
import type { Scope } from "../scope.ts";
import { parseShare, type Share } from "../size.ts";
import { type EvidenceSettings, readEvidence } from "./evidence_options.ts";
import type { Logger } from "./events.ts";
import type { CommonWatchdogOptions, HeapSnapshotOptions, WatchdogRules } from "./options.ts";
import { readReturnGap } from "./memory_return.ts";
import { type GcPolicyLike, watermarks } from "./policy.ts";
import type { GcRateLimitOptions, GcRateLimitSettings } from "./gc_rate_limit.ts";

/** The options of a watchdog, checked and with their defaults. */
export interface WatchdogSettings extends SourceSettings {
  readonly clock: Clock;
  readonly interval: number;
  readonly maxInterval: number;
  readonly unref: boolean;
  readonly signal: AbortSignal | undefined;
  readonly policy: GcPolicyLike;
  /** `undefined`: what the runtime has. */
  readonly gc: (() => unknown) | undefined;
  readonly dryRun: boolean;
  readonly hooks: Pick<WatchdogRules, (typeof HOOKS)[number]>;
  readonly logger: Logger;
  readonly guard: GcRateLimitSettings;
  readonly heapSnapshots: SnapshotSettings | undefined;
  readonly evidence: EvidenceSettings | undefined;
  /** Minimum time between two, in milliseconds; `undefined`: never. */
  readonly returnGap: number | undefined;
}

/** The options of heap snapshots, checked and with their defaults. */
export interface SnapshotSettings {
  readonly directory: string;
  /** Fraction of the limit. */
  readonly at: number;
  readonly max: number;
}

/** Early enough for a burst, and once more at each step up. */
const DEFAULT_POLICY: GcPolicyLike = watermarks([0.6, 0.7, 0.8, 0.9]);

/**
 * Where heap snapshots are taken by default. A snapshot of a heap takes several
 * times the heap, so near a container's or the host's limit there is never room
 * for it. A heap limit usually leaves room above it.
 */
const DEFAULT_SNAPSHOTS_AT: { readonly [scope in Scope]: Share } = {
  heap: "90%",
  cgroup: "50%",
  system: "50%",
};

const HOOKS = ["onFire", "beforeCollect", "afterCollect", "onIneffective", "onDisable"] as const;
const LOG_METHODS = ["debug", "info", "warn", "error"] as const;

/**
 * Reads each option that every watchdog takes once, and checks it.
 *
 * @param scope What the watchdog follows, as far as it is known.
 * @param hasLimit Whether `limit` is that of a sampler. It is not where the
 * watchdog follows a heap or the host.
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {RangeError} If an option is out of range or has an unknown value.
 */
export function readCommonOptions(
  options: CommonWatchdogOptions,
  scope: Scope,
  hasLimit = true,
): WatchdogSettings {
  const source = readSamplerSource(options, { usage: "workingSet" }, hasLimit);
  refuseSampling(source, ["pressure", "fields", "pid"], "a watchdog");
  const { clock = systemClock, interval = 25, unref = true, signal } = options;
  const { maxInterval = Math.max(interval, 1_000) } = options;
  const { policy = DEFAULT_POLICY, gc, dryRun = false, logger = {} } = options;
  checkOptionalMethod("clock", clock, "every");
  checkOptionalMethod("clock", clock, "now");
  checkInterval(interval);
  checkInterval(maxInterval, "maxInterval");
  if (maxInterval < interval) {
    throw new RangeError(
      `'maxInterval' must be at least interval, ${interval}: current value is ${maxInterval}`,
    );
  }
  checkOptionalBoolean("unref", unref);
  checkOptionalSignal("signal", signal);
  if (typeof policy !== "function") checkOptionalMethod("policy", policy, "evaluate");
  checkOptionalFunction("gc", gc);
  checkOptionalBoolean("dryRun", dryRun);
  checkLogger(logger);
  return {
    ...source,
    clock,
    interval,
    maxInterval,
    unref,
    signal,
    policy,
    gc,
    dryRun,
    hooks: readHooks(options),
    logger,
    guard: readGuard(options.guard),
    heapSnapshots: readSnapshots(options.heapSnapshots, scope),
    evidence: readEvidence(options.evidence),
    returnGap: readReturnGap(options.returnMemory),
  };
}

/** Reads each option of the guard once, and checks it. */
export function readGuard(options: GcRateLimitOptions = {}): GcRateLimitSettings {
  checkObject("guard", options);
  const {
    minGap = 50,
    maxGap = 300_000,
    minFreed = "5%",
    maxShare = "50%",
    calmShare = "8%",
    minFill = "50%",
    maxIneffectiveShare = "10%",
    minChange = "5%",
    nearLimit = "90%",
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
  return {
    minGap,
    maxGap,
    maxGapNearLimit,
    minFreed: parseShare("guard.minFreed", minFreed),
    maxShare: parseShare("guard.maxShare", maxShare),
    calmShare: parseShare("guard.calmShare", calmShare),
    minFill: parseShare("guard.minFill", minFill),
    maxIneffectiveShare: parseShare("guard.maxIneffectiveShare", maxIneffectiveShare),
    minChange: parseShare("guard.minChange", minChange),
    nearLimit: parseShare("guard.nearLimit", nearLimit),
  };
}

/** Reads each option of heap snapshots once, and checks it. */
export function readSnapshots(
  options: HeapSnapshotOptions | undefined,
  scope: Scope,
): SnapshotSettings | undefined {
  if (options === undefined) return undefined;
  checkObject("heapSnapshots", options);
  const { directory, at = DEFAULT_SNAPSHOTS_AT[scope], max = 3 } = options;
  if (typeof directory !== "string" || directory === "") {
    throw new TypeError(
      `'heapSnapshots.directory' must be a path: current value is ${show(directory)}`,
    );
  }
  if (!(Number.isInteger(max) && max > 0)) {
    throw new RangeError(
      `'heapSnapshots.max' must be a whole number above 0: current value is ${show(max)}`,
    );
  }
  return { directory, at: parseShare("heapSnapshots.at", at), max };
}

/** Throws unless `limit` is a number of bytes above 0 and at most host memory. */
export function checkLimit(name: string, limit: unknown, total: number | undefined): void {
  checkNumber(name, limit, "a number of bytes", "above 0 bytes", (limit) => limit > 0);
  if (limit > (total ?? Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(
      `'${name}' must be at most host memory, ${total} bytes: current value is ${limit}`,
    );
  }
}

function readHooks(options: WatchdogRules): WatchdogSettings["hooks"] {
  const { onFire, beforeCollect, afterCollect, onIneffective, onDisable } = options;
  const hooks = { onFire, beforeCollect, afterCollect, onIneffective, onDisable };
  for (const name of HOOKS) checkOptionalFunction(name, hooks[name]);
  return hooks;
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

function checkLogger(logger: Logger): void {
  checkObject("logger", logger);
  for (const method of LOG_METHODS) checkOptionalFunction(`logger.${method}`, logger[method]);
}
