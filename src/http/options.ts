import type { Clock } from "../clock.ts";
import type { MemInfo } from "../mem_info.ts";
import type { LevelThresholds } from "../policy/level_thresholds.ts";
import type { SamplerSource } from "../sampler.ts";
import type { Size } from "../size.ts";

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
 * A level of memory shortage, and which requests it admits.
 *
 * @since 0.1.0
 */
export interface ShedLevel extends LevelThresholds {
  /** Maximum number of requests in flight; 0 admits none. Default: no cap. */
  inFlight?: number | undefined;
  /** Requests of less priority than this are rejected. Default: none are. */
  priority?: number | undefined;
}

/**
 * How much memory a request takes, and how soon.
 *
 * @since 0.1.0
 */
export interface RequestCost<R extends RequestLike = RequestLike> {
  /** Bytes that it takes at most. */
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
export type RefusalReason = "headroom" | "inFlight" | "priority" | "rss" | "heapUsed";

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
 * The options of a shedder but those of the memory that it samples.
 *
 * @since 0.1.0
 */
export interface ShedRules<R extends RequestLike = RequestLike> {
  /**
   * Below this headroom all requests are rejected, until headroom is above 1.5 ×
   * this: bytes, or a share such as `"10%"`. A share is the part of the cgroup's
   * limit that is left, or of host memory if there is no limit. Or both
   * thresholds. Default: `"10%"`. Not together with `levels`.
   */
  headroom?: Size | LevelThresholds | undefined;
  /** Levels of your own by name, the mildest first, instead of `headroom`. */
  levels?: Readonly<Record<string, ShedLevel>> | undefined;
  /** Consecutive samples above `exit` before a level is left. Default: 1. */
  sustain?: number | undefined;
  /** Maximum number of requests in flight, at any level. Default: no cap. */
  inFlight?: number | undefined;
  /**
   * Above this resident set of the process all requests are rejected: bytes, or
   * a share such as `"80%"`. A share is the part of the cgroup's limit that this
   * process uses, or of host memory if there is no limit. Default: no maximum.
   */
  maxRss?: Size | undefined;
  /**
   * Above this use of the engine's heap all requests are rejected: bytes, or a
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
   * times as long. Default: 0.
   */
  perRequest?: number | RequestCost<R> | ((request: R) => number) | undefined;
  /** The importance of a request, for levels with a `priority`. Default: 0 for all. */
  priority?: ((request: R) => number) | undefined;
  /**
   * Requests that are never rejected and never counted, such as health checks:
   * paths (exact, or patterns), or a function of the request. A path counts
   * only if it also matches after normalization, as routers do it: with dots
   * resolved, percent-encoding decoded and backslashes as slashes. Default: none.
   */
  exempt?: readonly (string | RegExp)[] | ((request: R) => boolean) | undefined;
  /** Whole seconds that a rejected client is asked to wait. Default: 1. */
  retryAfter?: number | ((info: MemInfo | undefined) => number) | undefined;
  /** Maximum age in milliseconds of the sample that decides. Default: 10. */
  maxAge?: number | undefined;
  /**
   * Forces a garbage collection before requests are rejected for lack of
   * memory. While no request is admitted nothing is allocated, so no engine
   * would collect what answered requests left. At most forty times a second
   * and for a quarter of the time. While collections free next to nothing, the
   * wait between two doubles up to ten seconds (up to one second while no
   * request is in flight), until usage has moved markedly. Default: `true`.
   */
  collect?: boolean | undefined;
  /**
   * Admits a trial request when nothing has been admitted for a second because
   * memory is short and collecting has not helped. Memory that the allocator
   * keeps for reuse counts as used, and only requests use it again. While
   * trials come back and usage does not grow, more of them are admitted
   * without waiting, as many as half of what is left is enough for. Each
   * counts with its `perRequest`, or else with 8 MiB or 1/32 of the limit,
   * whichever is less. With `false`, the shedder may reject requests for ever.
   * Default: `true`.
   */
  trial?: boolean | undefined;
  /**
   * Milliseconds until an admitted request that was not released counts as
   * ended. Counted by a timer in five ticks, so it may take 1.25 times as long.
   * Raise it if you count requests that stay open, such as event streams;
   * `Infinity` disables it. Default: 300,000 (five minutes).
   */
  leaseTimeout?: number | undefined;
  /** Forces a garbage collection. Default: the function of the runtime. */
  gc?: (() => void) | undefined;
  /** Called with each request that is rejected; for logs and counters. */
  onRefused?: ((request: R, reason: RefusalReason, info: MemInfo | undefined) => void) | undefined;
  /** Called with each request that was not released within `leaseTimeout`. */
  onExpired?: ((request: R) => void) | undefined;
  /**
   * Called when sampling fails, once until it works again: meanwhile every
   * request is admitted. Also called when a hook or a forced garbage
   * collection fails. `healthReport` shows the error too.
   */
  onError?: ((error: unknown) => void) | undefined;
  /** Tells the age of samples, and when `within` is over. Default: the clock of the runtime. */
  clock?: Clock | undefined;
}
