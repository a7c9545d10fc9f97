import type { Clock } from "../clock.ts";
import type { MemInfo } from "../mem_info.ts";
import type { Sampler } from "../sampler.ts";
import { isThenable } from "../thenable.ts";
import { watch } from "../watch.ts";
import type { DisarmEvent, FireEvent, Logger, WatchdogCounters } from "./events.ts";
import type { Gauge, Reading } from "./gauge.ts";
import { onCollection } from "./gc_sentinel.ts";
import { type CommonWatchdogOptions, DEFAULT_INTERVAL, DEFAULT_POLICY } from "./options.ts";
import { evaluate, type Scope } from "./policy.ts";
import type { SnapshotTaker } from "./snapshots.ts";
import type { Steering } from "./steering.ts";
import type { StormGuard } from "./storm_guard.ts";

/**
 * A running watchdog.
 *
 * @since 0.1.0
 */
export interface Watchdog extends Disposable, AsyncDisposable {
  /** The figure that it follows. */
  readonly mode: Scope;
  /** The limit in bytes that it last worked with; `undefined` before the first reading. */
  readonly limit: number | undefined;
  /** Running; disarmed because something threw; or stopped. */
  readonly state: "running" | "disarmed" | "stopped";
  /**
   * Whether it sets how far the engine's heap may grow, as `heapDriven` does in
   * Node while the process has no workers.
   */
  readonly steers: boolean;
  /** Why it is disarmed. */
  readonly failure: DisarmEvent | undefined;
  /** What it has done so far: a copy. */
  readonly counters: WatchdogCounters;
  /** Stops it and restores what it changed. Stopping twice is harmless. */
  stop(): void;
}

/** Everything that a watchdog is made of. */
export interface DogParts {
  options: CommonWatchdogOptions;
  gauge: Gauge;
  gc: () => void;
  guard: StormGuard;
  sampler: Sampler;
  clock: Clock;
  steering: Steering | undefined;
  snapshots: SnapshotTaker | undefined;
  logger: Logger;
  /** Called once, when it stops. */
  onStop: () => void;
}

/** Looks at the gauge at each tick and after each collection, and collects at the marks. */
export class Dog implements Watchdog {
  readonly #parts: DogParts;
  readonly #stop = new AbortController();
  readonly #stopSentinel: () => void;
  readonly #watching: Promise<void>;
  readonly #counters: { -readonly [name in keyof WatchdogCounters]: number } = {
    fired: 0,
    forced: 0,
    seen: 0,
    ineffective: 0,
    held: 0,
    bytesFreed: 0,
    timeSpent: 0,
    snapshots: 0,
    snapshotsSkipped: 0,
  };
  /** The usage at which to collect; `undefined`: the policy was not asked yet. */
  #mark: number | undefined;
  #limit: number | undefined;
  /** Whether the mark is that of a steered engine. */
  #steered = false;
  #inARow = 0;
  #holding = false;
  #busy = false;
  /** A forced collection that the sentinel has not reported yet. */
  #unreported = false;
  #during = "starting";
  #state: Watchdog["state"] = "running";
  #failure: DisarmEvent | undefined;

  constructor(parts: DogParts) {
    this.#parts = parts;
    const { options: { signal, interval = DEFAULT_INTERVAL, unref = true } } = parts;
    signal?.addEventListener("abort", this.#onAbort);
    this.#stopSentinel = onCollection(() => void this.#onEngineCollection());
    this.#watching = watch({
      interval,
      immediate: true,
      unref,
      signal: this.#stop.signal,
      sampler: parts.sampler,
      clock: parts.clock,
      onPanic: (reason) => this.#disarm(reason),
    }, (info) => this.#turn(info));
  }

  get mode(): Scope {
    return this.#parts.gauge.scope;
  }

  get limit(): number | undefined {
    return this.#limit;
  }

  get state(): Watchdog["state"] {
    return this.#state;
  }

  get steers(): boolean {
    return this.#parts.steering?.active ?? false;
  }

  get failure(): DisarmEvent | undefined {
    return this.#failure;
  }

  get counters(): WatchdogCounters {
    const { taken = 0, skipped = 0 } = this.#parts.snapshots ?? {};
    return { ...this.#counters, snapshots: taken, snapshotsSkipped: skipped };
  }

  stop(): void {
    if (this.#state === "stopped") return;
    this.#release();
    this.#state = "stopped";
    this.#parts.onStop();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.#watching;
  }

  readonly #onAbort = (): void => this.stop();

  /** One look at a snapshot. What it throws disarms. */
  async #turn(info: MemInfo): Promise<void> {
    const reading = this.#parts.gauge.read(info);
    if (reading === undefined || this.#busy) return;
    this.#busy = true;
    try {
      this.#during = "writing a heap snapshot";
      this.#parts.snapshots?.look(reading, info);
      if (
        this.#mark === undefined || reading.limit !== this.#limit || this.steers !== this.#steered
      ) this.#evaluate(reading);
      if (reading.used >= this.#mark!) await this.#fire(reading, info);
      this.#during = "reading the usage";
    } finally {
      this.#busy = false;
    }
  }

  async #fire(reading: Reading, info: MemInfo): Promise<void> {
    const { options, guard, clock, gauge, logger, steering } = this.#parts;
    if (!guard.allows(clock.now()) || steering?.affordable === false) {
      if (!this.#holding) this.#counters.held++;
      this.#holding = true;
      return;
    }
    this.#holding = false;
    this.#counters.fired++;
    const event: FireEvent = { scope: gauge.scope, ...reading, mark: this.#mark! };
    this.#during = "calling onFire";
    options.onFire?.(event);
    logger.debug?.(`watchdog: ${gauge.scope} at ${reading.used} of ${reading.limit} bytes`);
    if (options.collect === false) {
      guard.pass(clock.now());
      this.#evaluate(reading);
    } else if (this.#state === "running") {
      await this.#collect(reading, info, event);
    }
  }

  async #collect(before: Reading, infoBefore: MemInfo, event: FireEvent): Promise<void> {
    const { options, gc, clock, gauge } = this.#parts;
    this.#during = "calling beforeCollect";
    options.beforeCollect?.(event);
    this.#during = "collecting";
    this.#unreported = true;
    const start = clock.now();
    gc();
    const end = clock.now();
    this.#during = "measuring after a collection";
    const sampled = this.#parts.sampler.sample();
    // Not awaited without need, so that nothing allocates in between.
    const infoAfter = isThenable(sampled) ? await sampled : sampled;
    const after = gauge.read(infoAfter);
    // What the heap gave back counts even where the kernel has not noticed yet.
    const freed = Math.max(
      0,
      before.used - (after?.used ?? before.used),
      (infoBefore.heapUsed ?? 0) - (infoAfter.heapUsed ?? Infinity),
      (infoBefore.runtimeTotal ?? 0) - (infoAfter.runtimeTotal ?? Infinity),
    );
    this.#counters.forced++;
    this.#counters.bytesFreed += freed;
    this.#counters.timeSpent += end - start;
    this.#report(before, after, freed, start, end);
    if (after !== undefined) this.#evaluate(after);
  }

  #report(
    before: Reading,
    after: Reading | undefined,
    freed: number,
    start: number,
    end: number,
  ): void {
    const { options, guard, gauge: { scope }, logger } = this.#parts;
    const { used, limit } = after ?? before;
    const duration = end - start;
    const helped = guard.record(end, duration, freed, before.used);
    logger.debug?.(`watchdog: a collection freed ${freed} bytes in ${duration.toFixed(1)} ms`);
    this.#during = "calling afterCollect";
    options.afterCollect?.({ kind: "forced", scope, used, limit, freed, duration });
    this.#inARow = helped ? 0 : this.#inARow + 1;
    if (helped) return;
    this.#counters.ineffective++;
    const { wait } = guard;
    logger.warn?.(
      `watchdog: collecting cannot help: ${freed} bytes freed of ${before.used} in use, ` +
        `limit ${limit}; next at the earliest in ${wait} ms`,
    );
    this.#during = "calling onIneffective";
    options.onIneffective?.({ scope, used, limit, freed, wait, inARow: this.#inARow });
  }

  /** After a collection that was not ours: the next mark is due. */
  async #onEngineCollection(): Promise<void> {
    if (this.#state !== "running") return;
    this.#counters.seen++;
    const own = this.#unreported;
    this.#unreported = false;
    if (own || this.#busy) return;
    this.#busy = true;
    try {
      this.#during = "measuring after a collection";
      const reading = this.#parts.gauge.read(await this.#parts.sampler.sample());
      const { options, gauge: { scope } } = this.#parts;
      this.#during = "calling afterCollect";
      options.afterCollect?.({
        kind: "engine",
        scope,
        used: reading?.used,
        limit: reading?.limit,
        freed: 0,
        duration: 0,
      });
      if (reading === undefined) return;
      const mark = this.#mark ?? Infinity;
      this.#evaluate(reading);
      // Engines report their small collections too. If those moved the mark
      // upwards, usage could climb to the limit without ever reaching it.
      this.#mark = Math.min(mark, this.#mark!);
      this.#during = "reading the usage";
    } catch (error) {
      this.#disarm(error);
    } finally {
      this.#busy = false;
    }
  }

  #evaluate({ used, limit }: Reading): void {
    const { options: { policy = DEFAULT_POLICY }, gauge: { scope }, steering } = this.#parts;
    this.#during = "evaluating the policy";
    const verdict = evaluate(policy, { scope, used, limit });
    this.#limit = limit;
    if (steering !== undefined && this.#state === "running") {
      this.#during = "steering the engine";
      steering.steer(used, verdict);
    }
    // A steered engine keeps to the watermarks itself; the limit is the backstop.
    this.#steered = this.steers;
    this.#mark = this.#steered ? limit : verdict.immediate ? 0 : verdict.next;
  }

  #disarm(reason: unknown): void {
    if (this.#state !== "running") return;
    const { options, logger } = this.#parts;
    this.#state = "disarmed";
    this.#failure = { during: this.#during, reason };
    this.#release();
    try {
      logger.error?.(`watchdog: disarmed while ${this.#during}: ${reason}`);
      options.onDisarm?.(this.#failure);
    } catch (error) {
      // Nobody is left to tell but who looks at the handle.
      this.#failure = { during: "reporting", reason: new AggregateError([reason, error]) };
    }
  }

  #release(): void {
    const { options, steering } = this.#parts;
    options.signal?.removeEventListener("abort", this.#onAbort);
    this.#stopSentinel();
    this.#stop.abort();
    steering?.stop();
  }
}
