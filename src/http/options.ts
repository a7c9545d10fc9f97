import {
  checkFunction,
  checkInterval,
  checkNumber,
  checkObject,
  checkOptionalBoolean,
  checkOptionalFunction,
  checkOptionalMethod,
  checkSamplerOptions,
  show,
} from "../check.ts";
import type { Clock } from "../clock.ts";
import type { MemInfo } from "../mem_info.ts";
import type { LevelThresholds } from "../policy/levels.ts";
import type { Sampler, SamplerOptions } from "../sampler.ts";

/**
 * The part of a request that load shedding looks at: a web-standard `Request`,
 * and that of Express, Fastify and `node:http` as well.
 *
 * @since 0.1.0
 */
export interface RequestLike {
  /** The URL, absolute or from the path on. */
  readonly url?: string | undefined;
}

/**
 * A level of memory shortage, and what is still let in at it.
 *
 * @since 0.1.0
 */
export interface ShedLevel extends LevelThresholds {
  /** Most requests in flight; 0 lets none in. Default: no cap. */
  inFlight?: number | undefined;
  /** Requests of less priority than this are refused. Default: none are. */
  priority?: number | undefined;
}

/**
 * What a request takes, and how soon.
 *
 * @since 0.1.0
 */
export interface RequestCost<R extends RequestLike = Request> {
  /** Bytes that it takes at most. */
  bytes: number | ((request: R) => number);
  /** Milliseconds from being let in until it has taken all of it; above 0. */
  within: number;
}

/**
 * Why a request was refused: its level lets none in, not so many at once, or
 * none of so little priority; or `maxRss` or `maxHeapUsed` is exceeded.
 *
 * @since 0.1.0
 */
export type RefusalReason = "headroom" | "inFlight" | "priority" | "rss" | "heapUsed";

/**
 * Options of {@linkcode LoadShedder}, {@linkcode shed} and {@linkcode health}.
 *
 * @since 0.1.0
 */
export interface ShedOptions<R extends RequestLike = Request>
  extends Omit<SamplerOptions, "pressure"> {
  /**
   * Below this headroom all requests are refused, until there is half as much
   * again: bytes, or up to 1 a fraction of the limit. Or both thresholds.
   * Default: 0.1. Not together with `levels`.
   */
  headroom?: number | LevelThresholds | undefined;
  /** Levels of your own by name, the mildest first, instead of `headroom`. */
  levels?: Readonly<Record<string, ShedLevel>> | undefined;
  /** Samples in a row above `exit` before a level is left. Default: 1. */
  sustain?: number | undefined;
  /** Most requests in flight, at any level. Default: no cap. */
  inFlight?: number | undefined;
  /** Above this resident set of the process in bytes all requests are refused. Default: none. */
  maxRss?: number | undefined;
  /**
   * Above this use of the engine's heap all requests are refused: bytes, or up
   * to 1 a fraction of the engine's own limit. Garbage is in it, which is why
   * it is collected first. Default: none.
   */
  maxHeapUsed?: number | undefined;
  /**
   * Bytes that a request takes at most, or a function of the request that says
   * so, such as by its Content-Length. They are set aside for each request in
   * flight, because a burst is let in before any sample can show what it takes.
   * What a request has already taken then counts twice, which errs towards
   * refusing; `within` says after how many milliseconds it has taken all it
   * takes, and lets in more. Default: 0.
   */
  perRequest?: number | RequestCost<R> | ((request: R) => number) | undefined;
  /** The importance of a request, for levels with a `priority`. Default: 0 for all. */
  priority?: ((request: R) => number) | undefined;
  /**
   * What is never refused and never counted, such as health checks: paths
   * (exact, or patterns), or a function of the request. Default: nothing.
   */
  exempt?: readonly (string | RegExp)[] | ((request: R) => boolean) | undefined;
  /** Seconds that a refused client is asked to wait, in whole numbers. Default: 1. */
  retryAfter?: number | ((info: MemInfo | undefined) => number) | undefined;
  /** How old, in milliseconds, a sample may be that decides. Default: 10. */
  maxAge?: number | undefined;
  /**
   * Collects garbage before requests are refused for want of memory: while
   * nothing is let in nothing is allocated, so no engine would collect what
   * answered requests left, and refusing would go on for ever. At most forty
   * times a second and for a quarter of the time; twice as seldom each time,
   * down to every ten seconds, while no request is answered. Default: `true`.
   */
  collect?: boolean | undefined;
  /**
   * Lets few requests in again, once nothing has been in flight for a second
   * and collecting has not helped: what the allocator keeps for reuse counts as
   * used, and no collection gives it back. Half of the headroom must be enough
   * for all of them, at `perRequest` each, or 8 MiB. Default: `true`.
   */
  probe?: boolean | undefined;
  /** Collects garbage. Default: what the runtime has for that. */
  gc?: (() => void) | undefined;
  /** Called with each request that is refused; for logs and counters. */
  onRefused?: ((request: R, reason: RefusalReason, info: MemInfo | undefined) => void) | undefined;
  /**
   * What headroom subtracts. Default: `"workingSet"`: page cache that the
   * kernel drops when it must is no reason to refuse anyone.
   */
  usage?: SamplerOptions["usage"];
  /** Where the snapshots come from; it stays open. Default: this machine. */
  sampler?: Sampler | undefined;
  /** Tells the age of samples, and when `within` is over. Default: the runtime's. */
  clock?: Clock | undefined;
}

/** Throws unless every option is one that can be used. */
export function checkShedOptions<R extends RequestLike>(options: ShedOptions<R>): void {
  checkSamplerOptions(options);
  if (options.headroom !== undefined && options.levels !== undefined) {
    throw new TypeError("'headroom' and 'levels' exclude each other: current value is both");
  }
  checkCount("inFlight", options.inFlight);
  if (options.maxRss !== undefined) checkSize("maxRss", options.maxRss);
  if (options.maxHeapUsed !== undefined) checkSize("maxHeapUsed", options.maxHeapUsed);
  checkCost(options.perRequest);
  if (options.maxAge !== undefined) checkSize("maxAge", options.maxAge);
  for (const [name, level] of Object.entries(options.levels ?? {})) {
    checkObject(`levels.${name}`, level);
    checkCount(`levels.${name}.inFlight`, level.inFlight);
    if (level.priority !== undefined) checkPriority(`levels.${name}.priority`, level.priority);
  }
  checkOptionalFunction("priority", options.priority);
  checkOptionalFunction("onRefused", options.onRefused);
  checkOptionalBoolean("collect", options.collect);
  checkOptionalBoolean("probe", options.probe);
  checkOptionalFunction("gc", options.gc);
  checkExempt(options.exempt);
  if (typeof options.retryAfter !== "function") checkRetryAfter(options.retryAfter ?? 1);
  checkOptionalMethod("sampler", options.sampler, "sample");
  checkOptionalMethod("clock", options.clock, "every");
}

/** Throws unless it is a number that priorities can be compared by. */
export function checkPriority(name: string, value: unknown): asserts value is number {
  if (typeof value !== "number" || Number.isNaN(value)) {
    throw new TypeError(`'${name}' must be a number: current value is ${show(value)}`);
  }
}

/** Throws unless it is a whole number of seconds. */
export function checkRetryAfter(value: unknown): asserts value is number {
  checkNumber(
    "retryAfter",
    value,
    "a number of seconds or a function",
    "a whole number of seconds from 0 up",
    (value) => Number.isSafeInteger(value) && value >= 0,
  );
}

function checkCount(name: string, value: unknown): void {
  if (value === undefined || value === Infinity) return;
  checkNumber(
    name,
    value,
    "a number of requests",
    "a whole number from 0 up",
    (value) => Number.isInteger(value) && value >= 0,
  );
}

/** Throws unless it is a number of bytes or milliseconds. */
export function checkSize(name: string, value: unknown): asserts value is number {
  checkNumber(
    name,
    value,
    "a number",
    "at least 0 and finite",
    (value) => value >= 0 && value < Infinity,
  );
}

function checkCost(value: unknown): void {
  if (value === undefined || typeof value === "function") return;
  if (typeof value !== "object" || value === null) return checkSize("perRequest", value);
  const { bytes, within } = value as RequestCost;
  if (typeof bytes !== "function") checkSize("perRequest.bytes", bytes);
  checkInterval(within, "perRequest.within");
}

function checkExempt(value: unknown): void {
  if (value === undefined || typeof value === "function") return;
  if (!Array.isArray(value)) return checkFunction("exempt", value);
  for (const entry of value) {
    const isPath = typeof entry === "string" && entry.startsWith("/");
    if (!isPath && !(entry instanceof RegExp)) {
      throw new TypeError(
        `'exempt' must hold paths that begin with "/" or patterns: current value is ${show(entry)}`,
      );
    }
  }
}
