import type { Clock } from "../clock.ts";
import type { MemInfo } from "../mem_info.ts";
import type { Sampler } from "../sampler.ts";
import { isThenable } from "../thenable.ts";
import { doing } from "./doing.ts";
import type { EarlyGc } from "./early_gc.ts";
import type { FireEvent, Logger, WatchdogCounters } from "./events.ts";
import { freedBetween, type Gauge, type Reading } from "./gauge.ts";
import { MAX_HOLD, type OtherIsolates } from "./other_isolates.ts";
import type { GcRateLimit } from "./gc_rate_limit.ts";
import { followPromise, type Hooks, type OnFailure } from "./user_code.ts";

/** What the watchdog does right after a collection, in words of a report. */
export const MEASURING = "measuring after a collection";

/** Everything that a forced collection involves. */
export interface CollectorParts {
  gc: () => unknown;
  gauge: Gauge;
  guard: GcRateLimit;
  /** `undefined`: every collection is forced. */
  early: EarlyGc | undefined;
  sampler: Sampler;
  clock: Clock;
  hooks: Hooks;
  logger: Logger;
  /** `undefined`: it does not coordinate with other isolates. */
  others: OtherIsolates | undefined;
  /** Whether the watchdog has neither been stopped nor disabled. */
  isRunning: () => boolean;
  /** Disables the watchdog. */
  fail: OnFailure;
}

/** Forces collections, measures them and reports what they did. */
export class Collector {
  readonly #parts: CollectorParts;
  #forced = 0;
  #bytesFreed = 0;
  #timeSpent = 0;
  /** Milliseconds that the last one took. */
  #duration = MAX_HOLD;
  /** A collection that the sentinel has not reported yet. */
  #unreported = false;

  constructor(parts: CollectorParts) {
    this.#parts = parts;
  }

  /** What it has done so far. */
  get counters(): Pick<WatchdogCounters, "forced" | "bytesFreed" | "timeSpent"> {
    return {
      forced: this.#forced,
      bytesFreed: this.#bytesFreed,
      timeSpent: this.#timeSpent,
    };
  }

  /** Whether the collection that the sentinel reports now was forced. */
  claimReport(): boolean {
    const own = this.#unreported;
    this.#unreported = false;
    return own;
  }

  /** Tells those who decide when to collect the figures of a snapshot. */
  observe({ used, limit }: Reading, info: MemInfo): void {
    const { guard, early, others } = this.#parts;
    const { heapUsed = NaN, runtimeTotal = NaN } = info;
    guard.observe(used, limit, heapUsed, runtimeTotal, (others?.count ?? 0) === 0);
    early?.observe(info);
  }

  /**
   * Forces a collection, unless a hook stops the watchdog first.
   *
   * @returns The reading after it, if there is one.
   */
  async collect(
    before: Reading,
    infoBefore: MemInfo,
    event: FireEvent,
  ): Promise<Reading | undefined> {
    const { hooks, clock, gauge, guard, early, sampler, isRunning } = this.#parts;
    hooks.call("beforeCollect", event);
    if (!isRunning()) return undefined;
    const start = clock.now();
    this.#force();
    const end = clock.now();
    const sampled = doing(MEASURING, () => sampler.sample());
    // Not awaited without need, so that nothing allocates in between.
    const infoAfter = isThenable(sampled) ? await sampled : sampled;
    const after = gauge.read(infoAfter);
    const freed = freedBetween(infoBefore, infoAfter, gauge);
    this.#duration = end - start;
    this.#forced++;
    this.#bytesFreed += freed;
    this.#timeSpent += this.#duration;
    const helped = guard.record(end, this.#duration, freed, before.used);
    early?.forced();
    if (after !== undefined) this.observe(after, infoAfter);
    this.#report(after ?? before, infoAfter, freed, helped);
    return after;
  }

  #force(): void {
    const { gc, others, fail } = this.#parts;
    const during = "collecting";
    this.#unreported = true;
    others?.begin(this.#duration);
    try {
      doing(during, () => followPromise(gc(), during, fail));
    } finally {
      others?.end();
    }
  }

  #report({ used, limit }: Reading, info: MemInfo, freed: number, helped: boolean): void {
    const { hooks, logger, guard, gauge: { scope }, others, isRunning } = this.#parts;
    const duration = this.#duration;
    logger.debug?.(`watchdog: a collection freed ${freed} bytes in ${duration.toFixed(1)} ms`);
    hooks.call("afterCollect", { kind: "forced", scope, used, limit, freed, duration });
    if (helped || !isRunning()) return;
    const { heapUsed, runtimeTotal } = info;
    const { wait } = guard;
    logger.warn?.(
      `watchdog: collecting this isolate's garbage did not help: ${freed} bytes freed, ${used} of ` +
        `${limit} bytes in use (${scope}), of which this isolate's heap has ` +
        `${
          heapUsed ?? "an unknown number of"
        }. The rest is live, or belongs to other isolates or ` +
        `processes. Next forced collection in ${Math.ceil(wait)} ms at the earliest`,
    );
    if (!isRunning()) return;
    hooks.call("onIneffective", {
      scope,
      used,
      limit,
      freed,
      heapUsed,
      runtimeTotal,
      otherIsolates: others?.count ?? 0,
      wait,
      consecutive: guard.consecutive,
    });
  }
}
