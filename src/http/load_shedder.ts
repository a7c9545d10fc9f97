import type { CgroupEvents } from "../cgroup_events.ts";
import type { MemInfo } from "../mem_info.ts";
import { Ceilings } from "./ceilings.ts";
import { Collector } from "./collector.ts";
import { type Flight, Flights } from "./flights.ts";
import { Hooks } from "./hooks.ts";
import { type Estimate, LearnedDemand, type Need } from "./learned_demand.ts";
import type { RejectionReason, RequestLike, ShedOptions } from "./options.ts";
import { type Rejection, renderRejection } from "./rejection.ts";
import { SampledMemory } from "./sampled_memory.ts";
import { readShedOptions, type ShedSettings } from "./settings.ts";
import { type Trial, Trials } from "./trials.ts";
import { Waiting } from "./waiting.ts";

/** Milliseconds that a request waits at most until more is known of its kind. */
const PATIENCE = 1_000;

/**
 * A request is admitted: call `release` when it has been answered. Calling it
 * twice is harmless, and so is calling it after the lease has expired.
 *
 * @since 0.1.0
 */
export interface Pass {
  /** Admits. */
  readonly admitted: true;
  /** Releases the admission. It needs no `this`. */
  readonly release: () => void;
}

/**
 * Decides for each request whether memory is enough to admit it.
 *
 * {@linkcode shed} wraps a web-standard handler in it. In other servers, call it
 * yourself:
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
 * It has no timer for samples. It takes a sample when a request finds the last one
 * older than `maxAge`. On macOS, where a sample takes time, the previous sample
 * decides. Before the first sample nothing is rejected. While sampling fails, every
 * request is admitted, and `onError` and {@linkcode healthReport} report it.
 *
 * Every admission is a lease. An admission that is not released within
 * `leaseTimeout` no longer counts.
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
  readonly #settings: ShedSettings<R>;
  readonly #memory: SampledMemory;
  readonly #ceilings: Ceilings;
  readonly #flights: Flights;
  readonly #collector: Collector;
  readonly #trials: Trials;
  readonly #hooks: Hooks;
  readonly #learned: LearnedDemand<R> | undefined;
  readonly #waiting: Waiting<Pass | Rejection>;
  #rejected = 0;
  #expired = 0;
  #closed = false;

  /**
   * Opens a sampler, unless one is given. Reads each option once: later changes
   * of the object have no effect.
   *
   * @param options When to reject which requests.
   * @throws {TypeError} If an option is of the wrong type, or `headroom` and `levels` are both given.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(options: ShedOptions<R> = {}) {
    const settings = readShedOptions(options);
    const { clock, cost, leaseTimeout } = settings;
    this.#settings = settings;
    this.#hooks = new Hooks(settings.onError);
    this.#ceilings = new Ceilings(settings.ceilings);
    this.#collector = new Collector(settings.collect, settings.gc, clock);
    this.#trials = new Trials(clock.now());
    this.#learned = settings.learning && new LearnedDemand(settings.learning, this.#hooks);
    this.#waiting = new Waiting(clock, () => this.#memory.refresh(clock.now(), Infinity));
    this.#flights = new Flights({
      within: cost.within,
      leaseTimeout,
      clock,
      onEnd: ({ trial, request, need }, expired) => {
        if (need !== undefined) this.#learned!.end(need, clock.now());
        if (trial !== undefined) this.#trials.end(trial);
        if (expired) this.#expire(request as R);
      },
    });
    this.#memory = new SampledMemory(settings.memory, clock, {
      onSample: (info, isCompletion) => {
        this.#flights.settle();
        this.#trials.sampled();
        this.#ceilings.follow(info, isCompletion);
        this.#learned?.sampled(clock.now(), this.#ceilings.standing);
      },
      onError: (error) => {
        this.#ceilings.follow(undefined);
        this.#learned?.sampled(clock.now(), undefined);
        this.#hooks.tell(error);
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
  get rejected(): number {
    return this.#rejected;
  }

  /** Requests that were admitted and not released within `leaseTimeout`. */
  get expired(): number {
    return this.#expired;
  }

  /** The level by the latest sample; `"normal"` if no level is entered. */
  get level(): string {
    return this.#ceilings.rules?.name ?? "normal";
  }

  /**
   * The error that sampling fails with now. Otherwise the latest error of a hook or of a forced
   * garbage collection, if there was one.
   */
  get error(): unknown {
    return this.#memory.failure?.error ?? this.#hooks.error;
  }

  /** The memory that requests take, as learned so far; `undefined` without `learn`. */
  get estimate(): Estimate | undefined {
    return this.#learned?.estimate;
  }

  /** Why no request is admitted but trials, by the latest sample; `undefined`: some are. */
  get closedBy(): RejectionReason | undefined {
    if (this.#closed) return undefined;
    const { exceeded, rules, room } = this.#ceilings;
    if (exceeded !== undefined) return exceeded;
    const { inFlight: cap, cost } = this.#settings;
    if (cap === 0) return "inFlight";
    if (rules?.inFlight === 0 && this.#learned?.admitsMinor) return undefined;
    return rules?.inFlight === 0 || cost.constant > Math.max(0, room) ? "headroom" : undefined;
  }

  /** Whether every request would be rejected now, even as a trial. */
  get rejectsAll(): boolean {
    const reason = this.closedBy;
    if (reason === undefined) return false;
    const { clock, cost } = this.#settings;
    return !this.#mayTry(clock.now(), reason, cost.constant);
  }

  /**
   * Decides about a request at once.
   *
   * @param request What to decide about; its body is not touched.
   * @returns Whether it is admitted, and what to do then.
   * @throws {TypeError} If `priority`, `perRequest` or `retryAfter` gives no number.
   * @throws {RangeError} If `perRequest` or `retryAfter` gives a negative or infinite one.
   */
  admit(request: R): Pass | Rejection {
    return this.#decide(request, false);
  }

  /**
   * Decides about a request, and lets it wait for up to a second while the
   * shedder learns what requests of its kind take.
   *
   * @param request What to decide about; its body is not touched.
   * @returns The decision, or the promise of it if the request has to wait.
   * @throws {TypeError} If `priority`, `perRequest` or `retryAfter` gives no number.
   * @throws {RangeError} If `perRequest` or `retryAfter` gives a negative or infinite one.
   */
  admitSoon(request: R): Pass | Rejection | Promise<Pass | Rejection> {
    const decision = this.#decide(request, !this.#waiting.isFull);
    return decision ?? this.#waiting.add((isLast) => this.#decide(request, !isLast), PATIENCE);
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
    this.#memory.refreshAll(this.#settings.clock.now());
    const reason = this.closedBy;
    if (reason !== undefined && reason !== "inFlight") this.#collect(reason);
    return this.#memory.info;
  }

  /**
   * Reads the kernel's event counters of the cgroup.
   *
   * @returns `undefined` where there are none, after `close()`, and if the sampler fails, which is
   * then reported to `onError`.
   */
  cgroupEvents(): CgroupEvents | undefined {
    try {
      return this.#memory.events;
    } catch (error) {
      this.#hooks.report(error);
      return undefined;
    }
  }

  /**
   * Closes the sampler that it opened; from then on everything is admitted. Closing again has no
   * effect.
   */
  close(): void {
    this.#closed = true;
    this.#memory.close();
    this.#ceilings.follow(undefined);
    this.#flights.close();
    this.#waiting.look();
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * The decision about a request; `undefined`: it waits.
   *
   * @param mayWait Whether it may wait instead of being rejected.
   */
  #decide(request: R, mayWait: false): Pass | Rejection;
  #decide(request: R, mayWait: boolean): Pass | Rejection | undefined;
  #decide(request: R, mayWait: boolean): Pass | Rejection | undefined {
    const { isExempt, clock, cost } = this.#settings;
    if (isExempt(request)) return EXEMPT;
    const now = clock.now();
    this.#memory.refresh(now, this.#ceilings.enough);
    const need = this.#learned?.of(request, now);
    const bytes = need?.bytes ?? cost.of(request);
    let reason = this.#objection(request, bytes);
    // A decision against a request is made by the exact figures.
    if (reason !== undefined && this.#memory.complete(now)) {
      reason = this.#objection(request, bytes);
    }
    // Below the user's own cap it is memory that keeps requests out.
    if (reason !== undefined && this.#flights.count < this.#settings.inFlight) {
      const isUseful = need === undefined || this.#learned!.mayCollect(need);
      if (isUseful && this.#collect(reason)) reason = this.#objection(request, bytes);
      // Rejecting requests that take next to nothing frees nothing.
      if (reason === "headroom" && need !== undefined && this.#learned!.admits(need)) {
        reason = undefined;
      }
      const asTrial = need?.kind.known === false ? 0 : bytes;
      if (reason !== undefined && this.#mayTry(now, reason, asTrial)) {
        const trial = this.#trials.start(now, this.#ceilings.shortage(reason), asTrial);
        return this.#pass(request, bytes, trial, need);
      }
    }
    if (reason === undefined) {
      this.#trials.admitted(now);
      return this.#pass(request, bytes, undefined, need);
    }
    return mayWait && this.#mayHelp(need, reason) ? undefined : this.#reject(request, reason);
  }

  /** Whether a request may be admitted once more is known of its kind. */
  #mayHelp(need: Need | undefined, reason: RejectionReason): boolean {
    if (need === undefined || this.closedBy !== undefined || reason === "priority") return false;
    return this.#learned!.isLearning(need.kind);
  }

  /** Why a request is rejected; `undefined`: it is not. */
  #objection(request: R, bytes: number): RejectionReason | undefined {
    if (this.#closed) return undefined;
    const { exceeded, rules, room } = this.#ceilings;
    const { inFlight: cap, priorityOf } = this.#settings;
    if (exceeded !== undefined) return exceeded;
    if (cap === 0) return "inFlight";
    if (rules?.inFlight === 0) return "headroom";
    if (rules?.priority !== undefined && priorityOf(request) < rules.priority) return "priority";
    if (this.#flights.count >= Math.min(cap, rules?.inFlight ?? Infinity)) return "inFlight";
    // What a request takes can only be learned from requests that are admitted.
    if (this.#learned !== undefined && this.#flights.count === 0) return undefined;
    const pending = this.#learned?.pending ?? this.#flights.pending;
    if (bytes === 0 || bytes + pending <= room) return undefined;
    return bytes > room ? "headroom" : "inFlight";
  }

  #mayTry(now: number, reason: RejectionReason, bytes: number): boolean {
    const { trial, inFlight: cap, cost } = this.#settings;
    if (!trial || this.#flights.count >= cap) return false;
    // Where a function tells sizes, there may be smaller requests.
    if (cost.varies && !this.#ceilings.canHold(bytes)) return false;
    if (this.#trials.unseen) this.#memory.sample(now);
    // A cap of the user's, and memory reserved for others, are exceeded by one at a time.
    return this.#trials.admits(now, this.#ceilings.shortage(reason), bytes, reason !== "inFlight");
  }

  #collect(reason: RejectionReason): boolean {
    try {
      const idle = this.#flights.count === 0;
      if (!this.#collector.collect(this.#ceilings.shortage(reason), idle)) return false;
    } catch (error) {
      this.#hooks.report(error);
    }
    this.#learned?.collected();
    this.#memory.sample(this.#settings.clock.now());
    this.#learned?.judge();
    return true;
  }

  #pass(request: R, bytes: number, trial: Trial | undefined, need: Need | undefined): Pass {
    const flight = this.#flights.start(request, bytes, trial, need);
    if (need === undefined) return { admitted: true, release: () => this.#flights.end(flight) };
    this.#learned!.start(need);
    return { admitted: true, release: () => this.#release(flight) };
  }

  /** Ends a flight of a learning shedder, and decides about requests that wait. */
  #release(flight: Flight): void {
    if (flight.ended) return;
    // The sample shows the memory that the request has taken, which is still in use.
    this.#memory.refresh(this.#settings.clock.now(), this.#ceilings.enough);
    this.#flights.end(flight);
    this.#waiting.look();
  }

  #reject(request: R, reason: RejectionReason): Rejection {
    const { retryAfter, onRejected } = this.#settings;
    const { info } = this.#memory;
    const seconds = retryAfter(info);
    this.#rejected++;
    if (onRejected !== undefined) this.#hooks.call(() => onRejected(request, reason, info));
    return renderRejection(reason, seconds);
  }

  #expire(request: R): void {
    this.#expired++;
    const { onExpired } = this.#settings;
    if (onExpired !== undefined) this.#hooks.call(() => onExpired(request));
  }
}

const EXEMPT: Pass = { admitted: true, release() {} };
