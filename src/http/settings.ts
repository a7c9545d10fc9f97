import {
  checkFunction,
  checkInterval,
  checkNumber,
  checkObject,
  checkOptionalBoolean,
  checkOptionalFunction,
  checkOptionalMethod,
  show,
} from "../check.ts";
import type { Clock } from "../clock.ts";
import { systemClock } from "../host/sampling.ts";
import type { SampledField } from "../fields.ts";
import type { MemInfo } from "../mem_info.ts";
import {
  type ParsedLevel,
  type ParsedThresholds,
  readLevels,
  readThresholds,
} from "../policy/level_thresholds.ts";
import { readSustain } from "../policy/levels.ts";
import { readSamplerSource, refuseSampling, type SourceSettings } from "../sampler_source.ts";
import { type ParsedSize, parseSize, times } from "../size.ts";
import { exemption } from "./exempt.ts";
import type { RequestLike, ShedLevel, ShedOptions } from "./options.ts";

/** Options of a load shedder, checked and with their defaults. */
export interface ShedSettings<R extends RequestLike> {
  readonly memory: MemorySettings;
  readonly ceilings: CeilingSettings;
  readonly cost: CostSettings<R>;
  readonly clock: Clock;
  /** Maximum number of requests in flight; `Infinity`: no cap. */
  readonly inFlight: number;
  readonly isExempt: (request: R) => boolean;
  readonly priorityOf: (request: R) => number;
  /** Whole seconds that a rejected client is asked to wait. */
  readonly retryAfter: (info: MemInfo | undefined) => number;
  readonly trial: boolean;
  readonly collect: boolean;
  /** `undefined`: the function of the runtime. */
  readonly gc: (() => void) | undefined;
  /** Milliseconds until the lease of a request expires; `Infinity`: never. */
  readonly leaseTimeout: number;
  readonly onRejected: ShedOptions<R>["onRejected"];
  readonly onExpired: ShedOptions<R>["onExpired"];
  /** `undefined`: the shedder does not learn what requests take. */
  readonly learning: LearningSettings<R> | undefined;
  readonly onError: ShedOptions<R>["onError"];
}

/** The part of the settings that says how memory is sampled. */
export interface MemorySettings extends SourceSettings {
  /** Milliseconds. */
  readonly maxAge: number;
  /** The fields that a decision needs while memory is plentiful. */
  readonly fields: readonly SampledField[];
}

/** The part of the settings that a snapshot is compared with. */
export interface CeilingSettings {
  /** The mildest first. */
  readonly levels: readonly LevelRules[];
  readonly sustain: number;
  /** `undefined`: no maximum. */
  readonly maxRss: ParsedSize | undefined;
  readonly maxHeapUsed: ParsedSize | undefined;
  /** Bytes that are reserved for each request, if that is the same for all. */
  readonly perRequest: number;
  /** Whether each sample must tell the exact headroom, even if it is plenty. */
  readonly exact: boolean;
}

/** A level, and which requests it admits. */
export interface LevelRules extends ParsedLevel {
  /** `Infinity`: no cap. */
  readonly inFlight: number;
  /** `undefined`: any. */
  readonly priority: number | undefined;
}

/** The memory that is reserved for a request. */
export interface CostSettings<R> {
  /** Maximum number of bytes of each request, if that is the same for all; 0: unknown. */
  readonly constant: number;
  /** Whether a function tells the bytes of each request. */
  readonly varies: boolean;
  /** Maximum number of bytes of this request; 0: unknown. */
  of(request: R): number;
  /** Milliseconds until samples show a request; `Infinity`: never. */
  readonly within: number;
}

/** How the memory of requests is learned. */
export interface LearningSettings<R extends RequestLike> {
  /** `undefined`: method, route, and size class of the body. */
  readonly key: ShedOptions<R>["key"];
  /** Whether requests that take little are admitted below the threshold, as below the default. */
  readonly lenient: boolean;
  readonly onUnexplained: ShedOptions<R>["onUnexplained"];
}

const DEFAULT_HEADROOM = "10%";
/** The default `exit`, as a multiple of the threshold. */
const EXIT_FACTOR = 1.5;

/**
 * Reads each option once, and checks it.
 *
 * @throws {TypeError} If an option is of the wrong type, or options exclude each other.
 * @throws {RangeError} If an option is out of range.
 */
export function readShedOptions<R extends RequestLike>(
  options: ShedOptions<R>,
): ShedSettings<R> {
  const source = readSamplerSource(options, { usage: "workingSet" });
  refuseSampling(source, ["fields", "pid"], "a load shedder");
  const { maxAge = 10, headroom, levels, sustain, maxRss, maxHeapUsed } = options;
  const { inFlight = Infinity, perRequest, exempt, priority = () => 0 } = options;
  const { retryAfter = 1, trial = true, collect = true, gc, leaseTimeout = 300_000 } = options;
  const { learn = false, key, onUnexplained } = options;
  const { onRejected, onExpired, onError, clock = systemClock } = options;
  checkAmount("maxAge", maxAge);
  checkCount("inFlight", inFlight);
  checkFunction("priority", priority);
  checkOptionalBoolean("trial", trial);
  checkOptionalBoolean("collect", collect);
  checkOptionalFunction("gc", gc);
  if (leaseTimeout !== Infinity) checkInterval(leaseTimeout, "leaseTimeout");
  checkOptionalFunction("onRejected", onRejected);
  checkOptionalFunction("onExpired", onExpired);
  checkOptionalFunction("onError", onError);
  checkOptionalMethod("clock", clock, "every");
  checkOptionalMethod("clock", clock, "now");
  checkOptionalBoolean("learn", learn);
  checkOptionalFunction("key", key);
  checkOptionalFunction("onUnexplained", onUnexplained);
  if (learn && perRequest !== undefined) {
    throw new TypeError(
      "'perRequest' and 'learn' exclude each other: current value of 'learn' is true",
    );
  }
  const cost = readCost(perRequest === undefined ? 0 : perRequest);
  return {
    memory: { ...source, maxAge, fields: fieldsFor(maxRss, maxHeapUsed) },
    ceilings: {
      levels: readRules(headroom, levels),
      sustain: readSustain(sustain),
      maxRss: maxRss === undefined ? undefined : parseSize("maxRss", maxRss),
      maxHeapUsed: maxHeapUsed === undefined ? undefined : parseSize("maxHeapUsed", maxHeapUsed),
      perRequest: cost.constant,
      exact: learn,
    },
    cost,
    clock,
    inFlight,
    isExempt: exemption(readExempt(exempt)),
    priorityOf: (request) => checkPriority("priority", priority(request)),
    retryAfter: readRetryAfter(retryAfter),
    trial,
    collect,
    gc,
    leaseTimeout,
    onRejected,
    onExpired,
    learning: learn
      ? { key, lenient: headroom === undefined && levels === undefined, onUnexplained }
      : undefined,
    onError,
  };
}

function fieldsFor(maxRss: unknown, maxHeapUsed: unknown): SampledField[] {
  const fields: SampledField[] = ["headroom"];
  if (maxRss !== undefined) fields.push("processRss");
  if (maxHeapUsed !== undefined) fields.push("heapUsed", "heapLimit");
  return fields;
}

function readRules(
  headroom: ShedOptions["headroom"],
  levels: ShedOptions["levels"],
): LevelRules[] {
  if (levels === undefined) {
    const thresholds = readHeadroom(headroom);
    return [{ name: "short", ...thresholds, inFlight: 0, priority: undefined }];
  }
  if (headroom !== undefined) {
    throw new TypeError("'headroom' and 'levels' exclude each other: current value is both");
  }
  checkObject("levels", levels);
  // A copy, so that each level is read once.
  const own = Object.fromEntries(Object.entries(levels));
  return readLevels("levels.", own).map((level) => ({
    ...level,
    ...readRule(`levels.${level.name}`, own[level.name]!),
  }));
}

function readRule(
  name: string,
  { inFlight = Infinity, priority }: ShedLevel,
): Pick<LevelRules, "inFlight" | "priority"> {
  checkCount(`${name}.inFlight`, inFlight);
  if (priority !== undefined) checkPriority(`${name}.priority`, priority);
  return { inFlight, priority };
}

function readHeadroom(headroom: ShedOptions["headroom"] = DEFAULT_HEADROOM): ParsedThresholds {
  if (typeof headroom === "object" && headroom !== null) {
    return readThresholds("headroom", headroom);
  }
  const enter = parseSize("headroom", headroom);
  return { enter, exit: times(enter, EXIT_FACTOR) };
}

function readCost<R extends RequestLike>(
  perRequest: NonNullable<ShedOptions<R>["perRequest"]>,
): CostSettings<R> {
  if (typeof perRequest !== "object" || perRequest === null) {
    return costOf("perRequest", perRequest, Infinity);
  }
  const { bytes, within } = perRequest;
  checkInterval(within, "perRequest.within");
  return costOf("perRequest.bytes", bytes, within);
}

function costOf<R>(
  name: string,
  bytes: number | ((request: R) => number),
  within: number,
): CostSettings<R> {
  if (typeof bytes !== "function") {
    checkAmount(name, bytes);
    return { constant: bytes, varies: false, of: () => bytes, within };
  }
  const of = (request: R) => checkAmount("perRequest", bytes(request));
  return { constant: 0, varies: true, of, within };
}

function readRetryAfter<R extends RequestLike>(
  retryAfter: NonNullable<ShedOptions<R>["retryAfter"]>,
): (info: MemInfo | undefined) => number {
  if (typeof retryAfter === "function") return (info) => checkRetryAfter(retryAfter(info));
  checkRetryAfter(retryAfter);
  return () => retryAfter;
}

function readExempt<R extends RequestLike>(
  exempt: ShedOptions<R>["exempt"] = [],
): NonNullable<ShedOptions<R>["exempt"]> {
  if (typeof exempt === "function") return exempt;
  if (!Array.isArray(exempt)) {
    throw new TypeError(
      `'exempt' must be a function or an array of paths and patterns: current value is ${
        show(exempt)
      }`,
    );
  }
  const entries: (string | RegExp)[] = [...exempt];
  for (const entry of entries) {
    const isPath = typeof entry === "string" && entry.startsWith("/");
    if (!isPath && !(entry instanceof RegExp)) {
      throw new TypeError(
        `'exempt' must hold paths that begin with "/" or patterns: current value is ${show(entry)}`,
      );
    }
  }
  return entries;
}

function checkPriority(name: string, value: unknown): number {
  if (typeof value === "number" && !Number.isNaN(value)) return value;
  throw new TypeError(`'${name}' must be a number: current value is ${show(value)}`);
}

function checkRetryAfter(value: unknown): number {
  checkNumber(
    "retryAfter",
    value,
    "a number of seconds or a function",
    "a whole number of seconds from 0 up",
    (value) => Number.isSafeInteger(value) && value >= 0,
  );
  return value;
}

function checkCount(name: string, value: unknown): void {
  checkNumber(
    name,
    value,
    "a number of requests",
    "a whole number from 0 up",
    (value) => value === Infinity || Number.isInteger(value) && value >= 0,
  );
}

function checkAmount(name: string, value: unknown): number {
  checkNumber(
    name,
    value,
    "a number",
    "at least 0 and finite",
    (value) => value >= 0 && value < Infinity,
  );
  return value;
}
