import type { Clock } from "../clock.ts";
import { systemClock } from "../host.ts";
import type { MemInfo } from "../mem_info.ts";
import { inBytes, levels, type LevelThresholds } from "../policy/levels.ts";
import { Collector } from "./collector.ts";
import { exemption } from "./exempt.ts";
import { Flights } from "./flights.ts";
import {
  checkPriority,
  checkRetryAfter,
  checkShedOptions,
  checkSize,
  type RefusalReason,
  type RequestLike,
  type ShedLevel,
  type ShedOptions,
} from "./options.ts";
import { Probe } from "./probe.ts";
import { type Refusal, renderRefusal } from "./refusal.ts";
import { SampledMemory } from "./sampled_memory.ts";

/** How far headroom must come back by default, times the threshold. */
const COME_BACK = 1.5;
const DEFAULT_HEADROOM = 0.1;

/**
 * A request is let in: call `release` when it has been answered. Calling it
 * twice is harmless.
 *
 * @since 0.1.0
 */
export interface Pass {
  /** Lets in. */
  readonly admitted: true;
  /** Ends the request's flight. */
  release(): void;
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
 * and before the first one nothing is refused.
 *
 * @since 0.1.0
 */
export class LoadShedder<R extends RequestLike = RequestLike> implements Disposable {
  readonly #options: ShedOptions<R>;
  readonly #levels: Readonly<Record<string, ShedLevel>>;
  readonly #levelOf: (info: MemInfo) => string;
  /** Where the strictest level is entered: bytes, or a fraction. */
  readonly #strictest: number;
  readonly #isExempt: (request: R) => boolean;
  readonly #memory: SampledMemory;
  readonly #clock: Clock;
  /** Bytes set aside for a request. */
  readonly #cost: number | ((request: R) => number);
  readonly #flights: Flights;
  readonly #collector: Collector;
  readonly #probe: Probe = new Probe();
  #level = "normal";
  #refused = 0;
  #closed = false;

  /**
   * Opens a sampler, unless one is given.
   *
   * @param options When to refuse what.
   * @throws {TypeError} If an option is of the wrong type, or `headroom` and `levels` are both given.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(options: ShedOptions<R> = {}) {
    checkShedOptions(options);
    this.#options = options;
    this.#levels = options.levels ?? { short: { ...thresholds(options), inFlight: 0 } };
    this.#levelOf = levels(this.#levels, { sustain: options.sustain });
    this.#strictest = Object.values(this.#levels).at(-1)!.enter;
    this.#clock = options.clock ?? systemClock;
    const { perRequest = 0 } = options;
    const { bytes, within } = typeof perRequest === "object"
      ? perRequest
      : { bytes: perRequest, within: Infinity };
    this.#cost = bytes;
    this.#flights = new Flights(within, this.#clock);
    this.#collector = new Collector(options.collect ?? true, options.gc, this.#clock);
    this.#isExempt = exemption(options.exempt);
    this.#memory = new SampledMemory(options, this.#clock, (info) => {
      this.#flights.settle();
      this.#level = this.#levelOf(info);
    });
  }

  /** Requests that were let in and not released yet; exempt ones are not counted. */
  get inFlight(): number {
    return this.#flights.count;
  }

  /** Requests that were let in so far; exempt ones are not counted. */
  get admitted(): number {
    return this.#flights.count + this.#flights.ended;
  }

  /** Requests that were refused so far. */
  get refused(): number {
    return this.#refused;
  }

  /** The level by the latest sample, `"normal"` for none. */
  get level(): string {
    return this.#level;
  }

  /** Whether nothing is let in, by the latest sample. */
  get refusesAll(): boolean {
    if (this.#closed) return false;
    const tooDear = typeof this.#cost === "number" && this.#cost > this.#room();
    return this.#capacity === 0 || tooDear || this.#exceeded() !== undefined;
  }

  /**
   * Decides about a request.
   *
   * @param request What to decide about; its body is not touched.
   * @returns Whether it is let in, and what to do then.
   * @throws {TypeError} If `priority` or `perRequest` gives no number.
   * @throws {RangeError} If `perRequest` gives a negative or infinite one.
   */
  admit(request: R): Pass | Refusal {
    if (this.#isExempt(request)) return EXEMPT;
    this.refresh();
    const bytes = this.#costOf(request);
    let reason = this.#objection(request, bytes);
    if (reason === undefined) {
      this.#probe.end();
    } else if (this.#isShort(bytes)) {
      if (this.#collect()) reason = this.#objection(request, bytes);
      if (reason !== undefined && reason !== "priority" && this.#mayProbe(bytes)) {
        reason = undefined;
      }
    }
    if (reason !== undefined) return this.#refuse(request, reason);
    return { admitted: true, release: this.#flights.start(bytes) };
  }

  /**
   * Takes a sample if the last one is older than `maxAge`, and follows it with
   * the level.
   *
   * @returns The latest snapshot; `undefined` before the first, and after `close()`.
   */
  refresh(): MemInfo | undefined {
    return this.#memory.refresh();
  }

  /** Closes the sampler that it opened; from then on everything is let in. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#level = "normal";
    this.#memory.close();
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Most requests in flight at this level. */
  get #capacity(): number {
    const { inFlight: most = Infinity } = this.#options;
    return Math.min(most, this.#levels[this.#level]?.inFlight ?? Infinity);
  }

  /** Bytes of headroom above the strictest level's threshold; `Infinity`: unknown. */
  #room(): number {
    const headroom = this.#memory.info?.headroom();
    if (headroom === undefined) return Infinity;
    const room = headroom - inBytes(this.#strictest, this.#memory.info!);
    return Number.isNaN(room) ? Infinity : room;
  }

  #mayProbe(bytes: number): boolean {
    const { probe = true, inFlight = Infinity } = this.#options;
    const headroom = this.#memory.info?.headroom();
    if (!probe || headroom === undefined || this.#flights.count >= inFlight) return false;
    return this.#probe.admits(this.#clock.now(), this.#flights, headroom, bytes);
  }

  #costOf(request: R): number {
    if (typeof this.#cost === "number") return this.#cost;
    const bytes: unknown = this.#cost(request);
    checkSize("perRequest", bytes);
    return bytes;
  }

  /** Whether a request of this cost fits beside those in flight. */
  #fits(bytes: number): boolean {
    return bytes === 0 || bytes + this.#flights.pending <= this.#room();
  }

  /** Which figure of the process is above its maximum. */
  #exceeded(): "rss" | "heapUsed" | undefined {
    const { processRss = 0, heapUsed = 0, heapLimit = NaN } = this.#memory.info ?? {};
    const { maxRss = Infinity, maxHeapUsed = Infinity } = this.#options;
    if (processRss > maxRss) return "rss";
    return heapUsed > (maxHeapUsed > 1 ? maxHeapUsed : maxHeapUsed * heapLimit)
      ? "heapUsed"
      : undefined;
  }

  /** Whether it is memory that keeps requests out, and not a cap of the user's. */
  #isShort(bytes: number): boolean {
    return this.#level !== "normal" || this.#exceeded() !== undefined || !this.#fits(bytes);
  }

  #collect(): boolean {
    if (!this.#collector.collect(this.#flights.ended)) return false;
    this.#memory.sample();
    return true;
  }

  #objection(request: R, bytes: number): RefusalReason | undefined {
    if (this.#closed) return undefined;
    const exceeded = this.#exceeded();
    if (exceeded !== undefined) return exceeded;
    const capacity = this.#capacity;
    if (capacity === 0) return this.#options.inFlight === 0 ? "inFlight" : "headroom";
    const least = this.#levels[this.#level]?.priority;
    if (least !== undefined) {
      const priority = this.#options.priority?.(request) ?? 0;
      checkPriority("priority", priority);
      if (priority < least) return "priority";
    }
    if (this.#flights.count >= capacity) return "inFlight";
    if (this.#fits(bytes)) return undefined;
    return bytes > this.#room() ? "headroom" : "inFlight";
  }

  #refuse(request: R, reason: RefusalReason): Refusal {
    this.#refused++;
    const { retryAfter = 1, onRefused } = this.#options;
    const seconds = typeof retryAfter === "function" ? retryAfter(this.#memory.info) : retryAfter;
    checkRetryAfter(seconds);
    onRefused?.(request, reason, this.#memory.info);
    return renderRefusal(reason, seconds);
  }
}

const EXEMPT: Pass = { admitted: true, release() {} };

function thresholds<R extends RequestLike>(
  { headroom = DEFAULT_HEADROOM }: ShedOptions<R>,
): LevelThresholds {
  if (typeof headroom !== "number") return headroom;
  const exit = headroom * COME_BACK;
  return { enter: headroom, exit: headroom <= 1 ? Math.min(1, exit) : exit };
}
