import type { Clock } from "../clock.ts";
import { systemClock } from "../host/sampling.ts";
import type { MemInfo } from "../mem_info.ts";
import { isThenable } from "../thenable.ts";
import { Ceilings } from "./ceilings.ts";
import { checkPriority, checkRetryAfter, checkShedOptions, checkSize } from "./check_options.ts";
import { Collector } from "./collector.ts";
import { exemption } from "./exempt.ts";
import { Flights } from "./flights.ts";
import type { RefusalReason, RequestLike, ShedOptions } from "./options.ts";
import { type Refusal, renderRefusal } from "./refusal.ts";
import { SampledMemory } from "./sampled_memory.ts";
import { type Trial, Trials } from "./trials.ts";

const DEFAULT_LEASE_TIMEOUT = 300_000;

/**
 * A request is admitted: call `release` when it has been answered. Calling it
 * twice is harmless, and so is calling it after the lease has expired.
 *
 * @since 0.1.0
 */
export interface Pass {
  /** Admits. */
  readonly admitted: true;
  /** Ends the request's flight. Needs no `this`. */
  readonly release: () => void;
}

/**
 * Decides request by request whether memory allows it. {@linkcode shed} wraps
 * a web-standard handler in it; for other servers, ask it yourself:
 *
 * ```ts
 * import { MiB } from "@x/memctl";
 * import { LoadShedder } from "@x/memctl/http";
 *
 * const shedder = new LoadShedder({ headroom: 64 * MiB, exempt: ["/healthz"] });
 * const admission = shedder.admit({ url: "/orders" });
 * if (admission.admitted) {
 *   // … answer, and when that is done:
 *   admission.release();
 * } else {
 *   console.log(admission.status, admission.headers, admission.body);
 * }
 * shedder.close();
 * ```
 *
 * It samples by no timer: a sample is taken when a request finds the last one
 * older than `maxAge`. Where a sample takes its time (macOS) the one before decides,
 * and before the first one nothing is rejected. While sampling fails, every
 * request is admitted, and `onError` and {@linkcode healthReport} say so.
 *
 * Every admission is a lease: one that is not released within `leaseTimeout`
 * no longer counts.
 *
 * A process without load does not reject requests for ever. When nothing has
 * been admitted for a second because memory is short, the next request is
 * admitted as a trial, whatever is left. Exceptions: `trial: false`; a cap of
 * your own (`inFlight`); and a request whose size a function of `perRequest`
 * tells, as long as that is above both the headroom and the threshold. While
 * trials hang and half of what is left is not enough for another one, each
 * doubles that second, up to 16.
 *
 * @since 0.1.0
 */
export class LoadShedder<R extends RequestLike = RequestLike> implements Disposable {
  readonly #options: ShedOptions<R>;
  readonly #clock: Clock;
  readonly #isExempt: ((request: R) => boolean) | undefined;
  /** Bytes that a request takes at most. */
  readonly #cost: number | ((request: R) => number);
  readonly #memory: SampledMemory;
  readonly #ceilings: Ceilings;
  readonly #flights: Flights<R>;
  readonly #collector: Collector;
  readonly #trials: Trials;
  #refused = 0;
  #expired = 0;
  #hookError: unknown;
  #closed = false;

  /**
   * Opens a sampler, unless one is given.
   *
   * @param options When to reject what.
   * @throws {TypeError} If an option is of the wrong type, or `headroom` and `levels` are both given.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(options: ShedOptions<R> = {}) {
    checkShedOptions(options);
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#isExempt = exemption(options.exempt);
    const { perRequest = 0 } = options;
    const { bytes, within } = typeof perRequest === "object"
      ? perRequest
      : { bytes: perRequest, within: Infinity };
    this.#cost = bytes;
    this.#ceilings = new Ceilings(options);
    this.#flights = new Flights({
      within,
      leaseTimeout: options.leaseTimeout ?? DEFAULT_LEASE_TIMEOUT,
      clock: this.#clock,
      onEnd: (flight, expired) => {
        if (flight.trial !== undefined) this.#trials.end(flight.trial);
        if (expired) this.#expire(flight.request);
      },
    });
    this.#collector = new Collector(options.collect ?? true, options.gc, this.#clock);
    this.#trials = new Trials(this.#clock.now());
    this.#memory = new SampledMemory(options, this.#clock, {
      onSample: (info) => {
        this.#flights.settle();
        this.#trials.sampled();
        this.#ceilings.follow(info);
      },
      onError: (error) => {
        this.#ceilings.follow(undefined);
        this.#tellError(error);
      },
    });
  }

  /** Requests that were admitted and not released yet; exempt ones are not counted. */
  get inFlight(): number {
    return this.#flights.count;
  }

  /** Requests that were admitted so far; exempt ones are not counted. */
  get admitted(): number {
    return this.#flights.started;
  }

  /** Requests that were rejected so far. */
  get refused(): number {
    return this.#refused;
  }

  /** Requests that were admitted and not released within `leaseTimeout`. */
  get expired(): number {
    return this.#expired;
  }

  /** The level by the latest sample, `"normal"` for none. */
  get level(): string {
    return this.#ceilings.level;
  }

  /** The error that sampling fails with; otherwise the latest error of a hook, if there was one. */
  get error(): unknown {
    return this.#memory.failure?.error ?? this.#hookError;
  }

  /** Why no request is admitted but trials, by the latest sample; `undefined`: some are. */
  get closedBy(): RefusalReason | undefined {
    if (this.#closed) return undefined;
    const { exceeded, rules, room } = this.#ceilings;
    if (exceeded !== undefined) return exceeded;
    if (this.#options.inFlight === 0) return "inFlight";
    return rules?.inFlight === 0 || this.#constantCost > Math.max(0, room) ? "headroom" : undefined;
  }

  /** Whether every request would be rejected now, even as a trial. */
  get refusesAll(): boolean {
    const reason = this.closedBy;
    if (reason === undefined) return false;
    return !this.#mayTry(this.#clock.now(), reason, this.#constantCost);
  }

  /**
   * Decides about a request.
   *
   * @param request What to decide about; its body is not touched.
   * @returns Whether it is admitted, and what to do then.
   * @throws {TypeError} If `priority`, `perRequest` or `retryAfter` gives no number.
   * @throws {RangeError} If `perRequest` or `retryAfter` gives a negative or infinite one.
   */
  admit(request: R): Pass | Refusal {
    if (this.#isExempt?.(request)) return EXEMPT;
    const now = this.#clock.now();
    this.#memory.refresh(now);
    const bytes = this.#costOf(request);
    let reason = this.#objection(request, bytes);
    if (reason !== undefined && this.#isShort(bytes)) {
      if (this.#collect(reason)) reason = this.#objection(request, bytes);
      if (reason !== undefined && this.#mayTry(now, reason, bytes)) {
        const trial = this.#trials.start(now, this.#ceilings.shortage(reason), bytes);
        return this.#pass(request, bytes, trial);
      }
    }
    if (reason !== undefined) return this.#refuse(request, reason);
    this.#trials.admitted(now);
    return this.#pass(request, bytes);
  }

  /**
   * Takes a sample if the last one is older than `maxAge`, and follows it with
   * the level. Forces a garbage collection if memory is so short that no
   * request would be admitted, with the limits that `collect` has.
   *
   * @returns The latest snapshot; `undefined` before the first, while sampling fails, and after
   * `close()`.
   */
  refresh(): MemInfo | undefined {
    this.#memory.refresh(this.#clock.now());
    const reason = this.closedBy;
    if (reason !== undefined && reason !== "inFlight") this.#collect(reason);
    return this.#memory.info;
  }

  /** Closes the sampler that it opened; from then on everything is admitted. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#memory.close();
    this.#ceilings.follow(undefined);
    this.#flights.close();
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Why a request is rejected; `undefined`: it is not. */
  #objection(request: R, bytes: number): RefusalReason | undefined {
    if (this.#closed) return undefined;
    const { exceeded, rules, room } = this.#ceilings;
    const { inFlight: most = Infinity } = this.#options;
    if (exceeded !== undefined) return exceeded;
    if (most === 0) return "inFlight";
    if (rules?.inFlight === 0) return "headroom";
    if (rules?.priority !== undefined && this.#priorityOf(request) < rules.priority) {
      return "priority";
    }
    if (this.#flights.count >= Math.min(most, rules?.inFlight ?? Infinity)) return "inFlight";
    if (bytes === 0 || bytes + this.#flights.pending <= room) return undefined;
    return bytes > room ? "headroom" : "inFlight";
  }

  /** Whether it is memory that keeps requests out, and not only a cap of the user's. */
  #isShort(bytes: number): boolean {
    const { level, exceeded, room } = this.#ceilings;
    const { inFlight: most = Infinity } = this.#options;
    if (this.#flights.count >= most) return false;
    return level !== "normal" || exceeded !== undefined || bytes + this.#flights.pending > room;
  }

  #mayTry(now: number, reason: RefusalReason, bytes: number): boolean {
    const { trial = true, inFlight: most = Infinity } = this.#options;
    if (!trial || this.#flights.count >= most) return false;
    // Where a function tells sizes, there may be smaller requests.
    if (typeof this.#cost === "function" && !this.#ceilings.canHold(bytes)) return false;
    if (this.#trials.unseen) this.#memory.sample(now);
    // A cap of the user's, and memory reserved for others, are exceeded by one at a time.
    return this.#trials.admits(now, this.#ceilings.shortage(reason), bytes, reason !== "inFlight");
  }

  #collect(reason: RefusalReason): boolean {
    try {
      const idle = this.#flights.count === 0;
      if (!this.#collector.collect(this.#ceilings.shortage(reason), idle)) return false;
    } catch (error) {
      this.#tellError(error);
    }
    this.#memory.sample(this.#clock.now());
    return true;
  }

  #pass(request: R, bytes: number, trial?: Trial): Pass {
    const flight = this.#flights.start(request, bytes, trial);
    return { admitted: true, release: () => this.#flights.end(flight) };
  }

  #refuse(request: R, reason: RefusalReason): Refusal {
    const { retryAfter = 1, onRefused } = this.#options;
    const { info } = this.#memory;
    const seconds = typeof retryAfter === "function" ? retryAfter(info) : retryAfter;
    checkRetryAfter(seconds);
    this.#refused++;
    if (onRefused !== undefined) this.#call(() => onRefused(request, reason, info));
    return renderRefusal(reason, seconds);
  }

  #expire(request: R): void {
    this.#expired++;
    const { onExpired } = this.#options;
    if (onExpired !== undefined) this.#call(() => onExpired(request));
  }

  /** What a request takes where that is the same for all; 0: unknown. */
  get #constantCost(): number {
    return typeof this.#cost === "number" ? this.#cost : 0;
  }

  #costOf(request: R): number {
    if (typeof this.#cost === "number") return this.#cost;
    const bytes: unknown = this.#cost(request);
    checkSize("perRequest", bytes);
    return bytes;
  }

  #priorityOf(request: R): number {
    const priority = this.#options.priority?.(request) ?? 0;
    checkPriority("priority", priority);
    return priority;
  }

  /** Calls a hook: its errors must not reach the server that asks about a request. */
  #call(hook: () => unknown): void {
    settle(hook, (error) => this.#tellError(error));
  }

  #tellError(error: unknown): void {
    this.#hookError = error;
    const { onError } = this.#options;
    if (onError === undefined) return;
    settle(() => onError(error), (error) => this.#hookError = error);
  }
}

const EXEMPT: Pass = { admitted: true, release() {} };

/** Calls `run`, and `fail` with what it throws or rejects with. */
function settle(run: () => unknown, fail: (error: unknown) => void): void {
  try {
    const result = run();
    if (isThenable(result)) result.then(undefined, fail);
  } catch (error) {
    fail(error);
  }
}
