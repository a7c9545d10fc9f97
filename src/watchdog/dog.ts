import type { Clock } from "../clock.ts";
import type { MemInfo } from "../mem_info.ts";
import type { Sampler } from "../sampler.ts";
import type { OpenSource } from "../sampler_source.ts";
import type { Scope } from "../scope.ts";
import { adopt } from "../thenable.ts";
import { describeThrown } from "../thrown.ts";
import { watch } from "../watch.ts";
import type { IsolateChannel } from "../host/watchdog.ts";
import { Collector } from "./collector.ts";
import { toFailure } from "./doing.ts";
import type { EarlyGc } from "./early_gc.ts";
import type { DisableEvent, Logger, WatchdogCounters } from "./events.ts";
import type { EvidenceWriter } from "./evidence.ts";
import type { Gauge } from "./gauge.ts";
import { onCollection } from "./gc_sentinel.ts";
import type { Watchdog } from "./handle.ts";
import type { MemoryReturn } from "./memory_return.ts";
import { OtherIsolates } from "./other_isolates.ts";
import { Pace } from "./pace.ts";
import type { WatchdogSettings } from "./settings.ts";
import type { SnapshotTaker } from "./snapshots.ts";
import type { Steering } from "./steering.ts";
import type { GcRateLimit } from "./gc_rate_limit.ts";
import { READING, Turns } from "./turns.ts";
import { followPromise, Hooks } from "./user_code.ts";
import { Watermark } from "./watermark.ts";

/** Everything that a watchdog is made of. */
export interface DogParts {
  settings: WatchdogSettings;
  gauge: Gauge;
  gc: () => unknown;
  guard: GcRateLimit;
  /** `undefined`: every collection is forced. */
  early: EarlyGc | undefined;
  source: OpenSource;
  steering: Steering | undefined;
  snapshots: SnapshotTaker | undefined;
  evidence: EvidenceWriter | undefined;
  /** `undefined`: free memory stays with the process. */
  memoryReturn: MemoryReturn | undefined;
  logger: Logger;
  /** Reaches the watchdogs of other isolates; `undefined`: it does not coordinate with them. */
  openChannel: ((receive: (message: unknown) => void) => IsolateChannel) | undefined;
  /** Called once, when it stops or is disabled. */
  onStop: () => void;
}

/** The life of a watchdog: takes turns from its start until it is stopped or fails. */
export class Dog implements Watchdog {
  readonly #parts: DogParts;
  readonly #stop = new AbortController();
  readonly #watermark: Watermark;
  readonly #collector: Collector;
  readonly #turns: Turns;
  readonly #pace: Pace;
  readonly #others: OtherIsolates | undefined;
  #stopSentinel: (() => void) | undefined;
  /** Makes the next tick due at once. */
  #wake: () => void = () => {};
  #watching: Promise<void> | undefined;
  #state: Watchdog["state"] = "running";
  #failure: DisableEvent | undefined;

  /**
   * Starts it. Hooks are not called before it is returned: the first turn
   * follows in a microtask.
   *
   * @param first A snapshot, where one is there at once.
   */
  constructor(parts: DogParts, first: MemInfo | undefined) {
    this.#parts = parts;
    const { settings, gauge, steering } = parts;
    const fail = (failure: DisableEvent) => this.fail(failure);
    const shared = {
      ...parts,
      sampler: parts.source.sampler,
      dryRun: settings.dryRun,
      clock: settings.clock,
      hooks: new Hooks(settings.hooks, fail),
      others: this.#openOthers(),
      isRunning: () => this.#state === "running",
      fail,
    };
    this.#others = shared.others;
    this.#watermark = new Watermark(settings.policy, gauge.scope, steering);
    this.#pace = new Pace(gauge, settings.interval, settings.maxInterval);
    this.#collector = new Collector(shared);
    this.#turns = new Turns({
      ...shared,
      watermark: this.#watermark,
      collector: this.#collector,
      pace: this.#pace,
      wake: () => this.#wake(),
    });
    try {
      this.#open();
    } catch (error) {
      this.#state = "stopped";
      this.#release();
      throw error;
    }
    this.#prepare(first);
    queueMicrotask(() => void this.#turns.takeNow());
  }

  get scope(): Scope {
    return this.#parts.gauge.scope;
  }

  get limit(): number | undefined {
    return this.#watermark.limit;
  }

  get state(): Watchdog["state"] {
    return this.#state;
  }

  get steers(): boolean {
    return this.#watermark.steers;
  }

  get failure(): DisableEvent | undefined {
    return this.#failure;
  }

  get counters(): WatchdogCounters {
    const { snapshots, evidence, memoryReturn } = this.#parts;
    return {
      ...this.#turns.counters,
      ...this.#collector.counters,
      held: this.#parts.guard.held,
      ineffective: this.#parts.guard.ineffective,
      waited: this.#others?.waited ?? 0,
      snapshots: snapshots?.taken ?? 0,
      snapshotsSkipped: snapshots?.skipped ?? 0,
      evidence: evidence?.written ?? 0,
      evidenceFailed: evidence?.failed ?? 0,
      returns: memoryReturn?.returns ?? 0,
      bytesReturned: memoryReturn?.bytesReturned ?? 0,
    };
  }

  stop(): void {
    const running = this.#state === "running";
    this.#state = "stopped";
    if (running) this.#release();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.#watching;
  }

  /** Disables the watchdog and reports why. If it does not run any more, only records why. */
  fail(failure: DisableEvent): void {
    const { during, reason } = failure;
    if (this.#state !== "running") {
      const earlier = this.#failure;
      this.#failure = earlier === undefined
        ? failure
        : { during, reason: new AggregateError([earlier.reason, reason]) };
      return;
    }
    const { settings: { hooks }, logger } = this.#parts;
    this.#state = "disabled";
    this.#failure = failure;
    this.#release();
    const message = `watchdog: disabled while ${during}: ${describeThrown(reason)}`;
    this.#attempt("calling logger.error", () => logger.error?.(message));
    const calling = "calling onDisable";
    this.#attempt(
      calling,
      () => followPromise(hooks.onDisable?.(failure), calling, (later) => this.fail(later)),
    );
  }

  #openOthers(): OtherIsolates | undefined {
    const { openChannel, settings: { clock }, logger } = this.#parts;
    return openChannel && new OtherIsolates(
      openChannel,
      () => clock.now(),
      () => void this.#turns.takeNow(),
      (reason) => {
        const message = `watchdog: cannot reach other isolates: ${describeThrown(reason)}`;
        const warn = () => logger.warn?.(message);
        // Only the start can throw it. Later it may happen in an event of the channel's.
        if (this.#watching === undefined) warn();
        else this.#attempt("calling logger.warn", warn);
      },
    );
  }

  #open(): void {
    const { settings: { signal, interval, unref } } = this.#parts;
    signal?.addEventListener("abort", this.#onAbort);
    this.#stopSentinel = onCollection(() => void this.#turns.followCollection());
    const failures: unknown[] = [];
    this.#watching = watch({
      interval: (info) =>
        info === undefined ? interval : this.#pace.after(info, this.#watermark.bytes),
      unref,
      signal: this.#stop.signal,
      sampler: this.#tickSampler(),
      wakeOnPressure: { minGap: interval },
      clock: this.#followClock(failures),
      onPanic: (error) => this.fail(toFailure(error, READING)),
    }, (info) => this.#turns.take(info)).catch((error) =>
      this.fail(toFailure(error, "keeping time"))
    );
    // watch() rejects later with what the clock throws, and the start must throw it now.
    if (failures.length > 0) throw failures[0];
  }

  /** Where the ticks get their snapshots from, and what wakes them. */
  #tickSampler(): Sampler {
    const { source } = this.#parts;
    const ignore = () => {};
    return {
      sample: () => this.#sampleTick(),
      onPressure: (wake) => {
        this.#wake = wake;
        return () => this.#wake = ignore;
      },
      get signals() {
        return source.sampler.signals;
      },
      close: ignore,
      [Symbol.dispose]: ignore,
    };
  }

  /** Leaves out the working set while it cannot matter. */
  #sampleTick(): MemInfo | Promise<MemInfo> {
    const { source, guard, evidence, snapshots, settings: { clock } } = this.#parts;
    const { bytes, limit } = this.#watermark;
    const isExact = bytes === undefined || limit === undefined || !guard.isCalm(clock.now());
    if (source.isForeign || isExact) return source.sample();
    // Page cache must not pass for usage at any threshold.
    const from = Math.min(evidence?.from ?? 1, snapshots?.from ?? 1) * limit;
    const info = source.sample(limit - Math.min(bytes, from));
    // For another limit the policy is asked again, and by the exact usage.
    return adopt(info) === undefined && (info as MemInfo).cgroupLimit !== limit
      ? source.sample()
      : info;
  }

  /** The clock, with what it throws collected at the start and recorded at the stop. */
  #followClock(failures: unknown[]): Clock {
    const { clock } = this.#parts.settings;
    return {
      now: () => clock.now(),
      every: (interval, tick, unref) => {
        try {
          const stop = clock.every(interval, tick, unref);
          return () => this.#attempt("stopping the clock", stop);
        } catch (error) {
          failures.push(error);
          throw error;
        }
      },
    };
  }

  /**
   * Asks the policy before a long first task begins, and so steers the engine.
   * What that throws is reported after the start.
   */
  #prepare(first: MemInfo | undefined): void {
    const reading = first && this.#parts.gauge.read(first);
    if (reading === undefined) return;
    try {
      this.#watermark.renew(reading);
    } catch (error) {
      queueMicrotask(() => this.fail(toFailure(error, READING)));
    }
  }

  readonly #onAbort = (): void => this.stop();

  /** For what must not keep the rest from being done: records what it throws. */
  #attempt(during: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.fail(toFailure(error, during));
    }
  }

  /** Called once, after the state has changed. */
  #release(): void {
    const { settings: { signal }, steering, evidence, onStop } = this.#parts;
    signal?.removeEventListener("abort", this.#onAbort);
    this.#stopSentinel?.();
    this.#others?.close();
    this.#stop.abort();
    if (evidence !== undefined) this.#attempt("ending evidence", () => evidence.stop());
    if (steering !== undefined) this.#attempt("restoring the engine", () => steering.stop());
    this.#attempt("closing the sampler", onStop);
  }
}
