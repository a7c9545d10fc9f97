import type { Clock } from "../clock.ts";
import type { MemInfo } from "../mem_info.ts";
import type { Sampler } from "../sampler.ts";
import { isThenable } from "../thenable.ts";
import { type Collector, MEASURING } from "./collector.ts";
import { doing, toFailure } from "./doing.ts";
import type { EarlyGc } from "./early_gc.ts";
import type { FireEvent, Logger, WatchdogCounters } from "./events.ts";
import type { EvidenceWriter } from "./evidence.ts";
import type { Gauge, Reading } from "./gauge.ts";
import type { MemoryReturn } from "./memory_return.ts";
import type { OtherIsolates } from "./other_isolates.ts";
import type { Pace } from "./pace.ts";
import type { SnapshotTaker } from "./snapshots.ts";
import type { Steering } from "./steering.ts";
import type { GcRateLimit } from "./gc_rate_limit.ts";
import type { Hooks, OnFailure } from "./user_code.ts";
import type { Watermark } from "./watermark.ts";

/** What the watchdog does unless an error says otherwise, in words of a report. */
export const READING = "reading the usage";

/** Everything that a turn involves. */
export interface TurnParts {
  dryRun: boolean;
  gauge: Gauge;
  watermark: Watermark;
  guard: GcRateLimit;
  /** `undefined`: every collection is forced. */
  early: EarlyGc | undefined;
  collector: Collector;
  pace: Pace;
  /** Makes the next tick due at once. */
  wake: () => void;
  sampler: Sampler;
  clock: Clock;
  steering: Steering | undefined;
  snapshots: SnapshotTaker | undefined;
  evidence: EvidenceWriter | undefined;
  memoryReturn: MemoryReturn | undefined;
  hooks: Hooks;
  logger: Logger;
  /** `undefined`: the watchdog does not coordinate with other isolates. */
  others: OtherIsolates | undefined;
  /** Whether the watchdog has neither been stopped nor disabled. */
  isRunning: () => boolean;
  /** Disables the watchdog. */
  fail: OnFailure;
}

/**
 * Takes one turn after the other: compares the usage of a snapshot with the
 * watermark, and collects if it has been reached.
 */
export class Turns {
  readonly #parts: TurnParts;
  #busy = false;
  #fired = 0;
  #seen = 0;
  #requested = 0;

  constructor(parts: TurnParts) {
    this.#parts = parts;
  }

  /** What happened so far. */
  get counters(): Pick<WatchdogCounters, "fired" | "requested" | "seen"> {
    return { fired: this.#fired, requested: this.#requested, seen: this.#seen };
  }

  /** One turn. What it throws must disable the watchdog. */
  async take(info: MemInfo): Promise<void> {
    const { gauge, watermark, collector, snapshots, evidence, memoryReturn, isRunning } =
      this.#parts;
    const reading = gauge.read(info);
    if (reading === undefined || this.#busy || !isRunning()) return;
    this.#busy = true;
    try {
      evidence?.look(reading, info);
      snapshots?.look(reading, info);
      evidence?.finish();
      memoryReturn?.look(reading, info);
      const mark = watermark.at(reading);
      collector.observe(reading, info);
      if (reading.used >= mark) await this.#fire(reading, info, mark);
    } finally {
      this.#busy = false;
    }
  }

  /** A turn out of order: the first one, and after the collection of another isolate. */
  async takeNow(): Promise<void> {
    const { sampler, isRunning, fail } = this.#parts;
    if (!isRunning() || this.#busy) return;
    try {
      const sampled = sampler.sample();
      await this.take(isThenable(sampled) ? await sampled : sampled);
    } catch (error) {
      fail(toFailure(error, READING));
    }
  }

  /** After a collection that was not forced here: asks the policy again. */
  async followCollection(): Promise<void> {
    const {
      gauge,
      watermark,
      collector,
      memoryReturn,
      sampler,
      hooks,
      pace,
      wake,
      isRunning,
      fail,
    } = this.#parts;
    if (!isRunning()) return;
    this.#seen++;
    memoryReturn?.collected();
    if (collector.claimReport() || this.#busy) return;
    this.#busy = true;
    let stirred = false;
    try {
      const info = await doing(MEASURING, () => sampler.sample());
      const reading = gauge.read(info);
      if (!isRunning()) return;
      // Engines collect when the program allocates, but some also while it is idle.
      stirred = pace.isStirredBy(info);
      const { used, limit } = reading ?? {};
      const { scope } = gauge;
      hooks.call("afterCollect", { kind: "engine", scope, used, limit, freed: 0, duration: 0 });
      // Engines report their small collections too. If those moved the watermark
      // upwards, usage could climb to the limit without ever reaching it.
      if (reading !== undefined && isRunning()) watermark.lower(reading);
    } catch (error) {
      fail(toFailure(error, MEASURING));
    } finally {
      this.#busy = false;
    }
    if (stirred && isRunning()) wake();
  }

  async #fire(reading: Reading, info: MemInfo, mark: number): Promise<void> {
    const { dryRun, gauge, watermark, guard, early, collector, clock, hooks, logger, isRunning } =
      this.#parts;
    if (early?.covers(clock.now(), reading)) return this.#requestEarly(early, reading, info, mark);
    if (!this.#mayFire()) return;
    this.#fired++;
    const event: FireEvent = { scope: gauge.scope, ...reading, watermark: mark };
    hooks.call("onFire", event);
    if (!isRunning()) return;
    logger.debug?.(`watchdog: ${gauge.scope} at ${reading.used} of ${reading.limit} bytes`);
    if (dryRun) {
      guard.pass(clock.now());
      watermark.renew(reading);
    } else if (isRunning()) {
      const after = await collector.collect(reading, info, event);
      if (after !== undefined && isRunning()) watermark.renew(after);
    }
  }

  #requestEarly(early: EarlyGc, reading: Reading, info: MemInfo, mark: number): void {
    const { gauge: { scope }, clock, hooks, logger, isRunning } = this.#parts;
    if (!early.isDue(clock.now(), reading, info)) return;
    this.#fired++;
    hooks.call("onFire", { scope, ...reading, watermark: mark });
    if (!isRunning()) return;
    logger.debug?.(
      `watchdog: ${scope} at ${reading.used} of ${reading.limit} bytes, asks the engine`,
    );
    if (!isRunning()) return;
    this.#requested++;
    doing("asking the engine to collect", () => early.request(clock.now(), info));
  }

  #mayFire(): boolean {
    const { dryRun, guard, clock, steering, others } = this.#parts;
    if (!guard.allows(clock.now(), steering?.affordable)) return false;
    return dryRun || others?.allows() !== false;
  }
}
