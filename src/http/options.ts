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
   * takes, and lets in more. `within` is counted in up to five ticks of one
   * timer, so it may take 1.25 times as long. Default: 0.
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
  /** Seconds that a refused client is asked to wait, in whole numbers. Default: 1. */
  retryAfter?: number | ((info: MemInfo | undefined) => number) | undefined;
  /** How old, in milliseconds, a sample may be that decides. Default: 10. */
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
  /** Collects garbage. Default: what the runtime has for that. */
  gc?: (() => void) | undefined;
  /** Called with each request that is refused; for logs and counters. */
  onRefused?: ((request: R, reason: RefusalReason, info: MemInfo | undefined) => void) | undefined;
  /** Called with each request that was not released within `leaseTimeout`. */
  onExpired?: ((request: R) => void) | undefined;
  /**
   * Called when sampling fails, once until it works again: meanwhile every
   * request is admitted. Also called when a hook or a forced garbage
   * collection fails. `healthReport` shows the error too.
   */
  onError?: ((error: unknown) => void) | undefined;
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
