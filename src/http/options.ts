import type { Clock } from "../clock.ts";
import type { MemInfo } from "../mem_info.ts";
import type { LevelThresholds } from "../policy/level_thresholds.ts";
import type { SamplerSource } from "../sampler.ts";
import type { Size } from "../size.ts";

/**
 * The part of a request that load shedding reads. A web-standard `Request` has it,
 * and so have the requests of Express, Fastify and `node:http`.
 *
 * @since 0.1.0
 */
export interface RequestLike {
  /** The URL, absolute or beginning with the path. */
  readonly url?: string | undefined;
}

/**
 * A level of memory shortage, and which requests it admits.
 *
 * @since 0.1.0
 */
export interface ShedLevel extends LevelThresholds {
  /** Maximum number of requests in flight; 0 admits none. Default: no cap. */
  inFlight?: number | undefined;
  /** Minimum priority of a request to be admitted. Default: every priority. */
  priority?: number | undefined;
}

/**
 * How much memory a request takes, and how long until it has taken it.
 *
 * @since 0.1.0
 */
export interface RequestCost<R extends RequestLike = RequestLike> {
  /** Bytes that the request takes at most. */
  bytes: number | ((request: R) => number);
  /** Milliseconds from admission until the request has taken all of it; above 0. */
  within: number;
}

/**
 * Why a request was rejected.
 *
 * - `"headroom"`: the level admits no request, or this one does not fit.
 * - `"inFlight"`: as many requests are in flight as the cap or memory allows.
 * - `"priority"`: the level admits only requests of more priority.
 * - `"rss"`, `"heapUsed"`: `maxRss` or `maxHeapUsed` is exceeded.
 *
 * @since 0.1.0
 */
export type RejectionReason = "headroom" | "inFlight" | "priority" | "rss" | "heapUsed";

/**
 * Options of {@linkcode LoadShedder} and {@linkcode shed}. A shedder reads each
 * of them once, at the start.
 *
 * The default `usage` is `"workingSet"`, because page cache that the kernel can
 * drop is no reason to reject a request.
 *
 * @since 0.1.0
 */
export type ShedOptions<R extends RequestLike = RequestLike> =
  & ShedRules<R>
  & SamplerSource<"usage" | "adapter" | "root" | "limit">;

/**
 * The options of a shedder except those of the memory that it samples.
 *
 * @since 0.1.0
 */
export interface ShedRules<R extends RequestLike = RequestLike> {
  /**
   * Headroom below which all requests are rejected, until headroom is above 1.5 ×
   * this threshold: bytes, or a share such as `"10%"`. A share is the part of the
   * cgroup's limit that is left, or of host memory if there is no limit. An object
   * gives both thresholds. Not together with `levels`. Default: `"10%"`.
   */
  headroom?: Size | LevelThresholds | undefined;
  /** Your own levels by name, the mildest first, instead of `headroom`. Default: none. */
  levels?: Readonly<Record<string, ShedLevel>> | undefined;
  /** Number of consecutive samples above `exit` before a level is left. Default: 1. */
  sustain?: number | undefined;
  /** Maximum number of requests in flight, at any level. Default: no cap. */
  inFlight?: number | undefined;
  /**
   * RSS of the process above which all requests are rejected: bytes, or a share
   * such as `"80%"`. A share is the part of the cgroup's limit that this
   * process uses, or of host memory if there is no limit. Default: no maximum.
   */
  maxRss?: Size | undefined;
  /**
   * Heap use of the engine above which all requests are rejected: bytes, or a
   * share such as `"85%"`. A share is the part of the engine's own heap limit
   * that is used. The use includes garbage, so the shedder forces a garbage
   * collection first. Default: no maximum.
   */
  maxHeapUsed?: Size | undefined;
  /**
   * Bytes that a request takes at most, or a function of the request that
   * returns them, such as by its Content-Length. The shedder reserves them for
   * each request in flight, because it admits a burst before any sample can show
   * how much memory the burst takes. Memory that a request has already taken then
   * counts twice, which rejects more requests than necessary. `within` avoids
   * that: after so many milliseconds, samples show the memory of the request.
   * `within` is counted in up to five ticks of one timer, so it may take 1.25
   * times as long. Default: 0, or the estimate of `learn`.
   */
  perRequest?: number | RequestCost<R> | ((request: R) => number) | undefined;
  /**
   * Learns from samples how many bytes a request of each kind takes. Until it
   * knows, few requests of that kind are in flight at once: `admitSoon()` and
   * `shed` let the others wait for up to a second, and `admit()` rejects them.
   * Not together with `perRequest`. Default: `false`.
   */
  learn?: boolean | undefined;
  /**
   * Names the kind of a request, for learning: requests of one kind take about
   * the same. Up to 31 kinds are told apart. Default: method, route, and size
   * class of the body. The route is Fastify's, or else the path with `:` for
   * each segment that has a digit.
   */
  key?: ((request: R) => string) | undefined;
  /** Returns the priority of a request, for levels with a `priority`. Default: 0 for all. */
  priority?: ((request: R) => number) | undefined;
  /**
   * Requests that are never rejected and never counted, such as health checks:
   * paths, patterns, or a function of the request. A path counts only if it also
   * matches after the normalization that routers do: dots resolved,
   * percent-encoding decoded, backslashes as slashes. Default: none.
   */
  exempt?: readonly (string | RegExp)[] | ((request: R) => boolean) | undefined;
  /** Seconds that a rejected client is asked to wait (Retry-After), a whole number. Default: 1. */
  retryAfter?: number | ((info: MemInfo | undefined) => number) | undefined;
  /** Maximum age in milliseconds of the sample that decides. Default: 10. */
  maxAge?: number | undefined;
  /**
   * Forces a garbage collection before requests are rejected for lack of memory.
   * While no request is admitted, nothing is allocated, so no engine would collect
   * the garbage of earlier requests. Collections are forced at most forty times a
   * second, and take at most a quarter of the time. While they free next to
   * nothing, the wait between two doubles up to ten seconds (up to one second while
   * no request is in flight), until usage has changed. Default: `true`.
   */
  collect?: boolean | undefined;
  /**
   * Admits one request as a trial when memory is short, a collection has not
   * helped, and no request has been admitted for a second. Memory that the
   * allocator keeps for reuse counts as used, and only requests use it again. While
   * trials are released and usage does not grow, more trials are admitted without
   * waiting, until they could take half of the headroom. Each counts with its
   * `perRequest`, or else with 8 MiB or 1/32 of the limit, whichever is less. With
   * `false`, the shedder may reject requests for ever. Default: `true`.
   */
  trial?: boolean | undefined;
  /**
   * Milliseconds after which an admitted request that was not released no longer
   * counts. A timer of five ticks counts them, so it may take 1.25 times as long.
   * Raise it if you count requests that stay open, such as event streams;
   * `Infinity` disables it. Default: 300,000 (five minutes).
   */
  leaseTimeout?: number | undefined;
  /** Forces a garbage collection. Default: the function of the runtime. */
  gc?: (() => void) | undefined;
  /** Called with each request that is rejected, for logs and counters. */
  onRejected?:
    | ((request: R, reason: RejectionReason, info: MemInfo | undefined) => void)
    | undefined;
  /** Called with each request that was not released within `leaseTimeout`. */
  onExpired?: ((request: R) => void) | undefined;
  /**
   * Called when memory is short, a garbage collection did not help, and the
   * requests in flight explain less than half of it: a leak, a cache, or another
   * process. `bytes` is the part that they do not explain. Once, until memory is
   * no longer short.
   */
  onUnexplained?: ((bytes: number) => void) | undefined;
  /**
   * Called when sampling fails, once until it works again. While it fails, every
   * request is admitted. Also called when a hook or a forced garbage
   * collection fails. `healthReport` shows the error too.
   */
  onError?: ((error: unknown) => void) | undefined;
  /** The clock that measures the age of samples, and `within`. Default: the clock of the runtime. */
  clock?: Clock | undefined;
}
