import type { Clock } from "../clock.ts";
import type { MemInfo } from "../mem_info.ts";
import type { Sampler } from "../sampler.ts";
import type { Scope } from "../scope.ts";
import { isThenable } from "../thenable.ts";
import { watch } from "../watch.ts";
import type { IsolateChannel } from "../host/watchdog.ts";
import type { EarlyGc } from "./early_gc.ts";
import type { DisarmEvent, FireEvent, Logger, WatchdogCounters } from "./events.ts";
import { freedBetween, type Gauge, type Reading } from "./gauge.ts";
import { onCollection } from "./gc_sentinel.ts";
import { noCounters, type Watchdog } from "./handle.ts";
import { type CommonWatchdogOptions, DEFAULT_INTERVAL, DEFAULT_POLICY } from "./options.ts";
import { MAX_HOLD, OtherIsolates } from "./other_isolates.ts";
import { evaluate } from "./policy.ts";
import type { SnapshotTaker } from "./snapshots.ts";
import type { Steering } from "./steering.ts";
import type { StormGuard } from "./storm_guard.ts";
import { describeReason, followPromise } from "./user_code.ts";

/** Everything that a watchdog is made of. */
export interface DogParts {
  options: CommonWatchdogOptions;
  gauge: Gauge;
  gc: () => unknown;
  guard: StormGuard;
  /** `undefined`: every collection is forced. */
  early: EarlyGc | undefined;
  sampler: Sampler;
  clock: Clock;
  steering: Steering | undefined;
  snapshots: SnapshotTaker | undefined;
  logger: Logger;
  /** Reaches the watchdogs of other isolates; `undefined`: it does not coordinate with them. */
  openChannel: ((receive: (message: unknown) => void) => IsolateChannel) | undefined;
  /** Called once, when it stops or is disabled. */
  onStop: () => void;
}

/** Reads the gauge at each tick and after each collection, and collects at the watermarks. */
export class Dog implements Watchdog {
  readonly #parts: DogParts;
  readonly #stop = new AbortController();
  #stopSentinel: (() => void) | undefined;
  #others: OtherIsolates | undefined;
  #watching: Promise<void> | undefined;
  readonly #counters = noCounters();
  /** The usage at which to collect; `undefined`: the policy was not asked yet. */
  #mark: number | undefined;
  #limit: number | undefined;
  /** Whether the mark is that of a steered engine. */
  #steered = false;
  #inARow = 0;
  #holding = false;
  #waiting = false;
  #busy = false;
  /** A forced collection that the sentinel has not reported yet. */
  #unreported = false;
  /** Milliseconds that the last forced collection took. */
  #duration = MAX_HOLD;
  #during = "reading the usage";
  #state: Watchdog["state"] = "running";
  #failure: DisarmEvent | undefined;

  /**
   * Starts it. Hooks are not called before it is returned: the first look
   * follows in a microtask.
   *
   * @param first A snapshot, where one is there at once.
   */
  constructor(parts: DogParts, first: MemInfo | undefined) {
    this.#parts = parts;
    try {
      this.#open();
    } catch (error) {
      this.#state = "stopped";
      this.#release();
      throw error;
    }
    this.#prepare(first);
    queueMicrotask(() => void this.#look());
  }

  #open(): void {
    const { options, sampler, openChannel, clock } = this.#parts;
    const { signal, interval = DEFAULT_INTERVAL, unref = true } = options;
    signal?.addEventListener("abort", this.#onAbort);
    this.#stopSentinel = onCollection(() => void this.#onEngineCollection());
    this.#others = openChannel && new OtherIsolates(
      openChannel,
      () => clock.now(),
      () => void this.#look(),
      (reason) =>
        this.#log("warn", `watchdog: cannot reach other isolates: ${describeReason(reason)}`),
    );
    const failures: unknown[] = [];
    this.#watching = watch({
      interval,
      unref,
      signal: this.#stop.signal,
      sampler,
      clock: this.#followClock(failures),
      onPanic: (reason) => this.#disarm(reason),
    }, (info) => this.#turn(info)).catch((reason) => this.fail("keeping time", reason));
    // watch() rejects later with what the clock throws, and the start must throw it now.
    if (failures.length > 0) throw failures[0];
  }

  /** The clock, with what it throws collected at the start and recorded at the stop. */
  #followClock(failures: unknown[]): Clock {
    const { clock } = this.#parts;
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
      this.#evaluate(reading);
      this.#during = "reading the usage";
    } catch (error) {
      const during = this.#during;
      queueMicrotask(() => this.fail(during, error));
    }
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

  readonly #onAbort = (): void => this.stop();

  get #running(): boolean {
    return this.#state === "running";
  }

  /** A look out of turn: the first one, and after another isolate's collection. */
  async #look(): Promise<void> {
    if (!this.#running || this.#busy) return;
    this.#during = "reading the usage";
    try {
      const sampled = this.#parts.sampler.sample();
      await this.#turn(isThenable(sampled) ? await sampled : sampled);
    } catch (error) {
      this.#disarm(error);
    }
  }

  /** One look at a snapshot. What it throws disables the watchdog. */
  async #turn(info: MemInfo): Promise<void> {
    const reading = this.#parts.gauge.read(info);
    if (reading === undefined || this.#busy || !this.#running) return;
    this.#busy = true;
    try {
      this.#during = "writing a heap snapshot";
      this.#parts.snapshots?.look(reading, info);
      if (
        this.#mark === undefined || reading.limit !== this.#limit || this.steers !== this.#steered
      ) this.#evaluate(reading);
      this.#observe(reading, info);
      if (reading.used >= this.#mark!) await this.#fire(reading, info);
      this.#during = "reading the usage";
    } finally {
      this.#busy = false;
    }
  }

  #observe({ used, limit }: Reading, info: MemInfo): void {
    const alone = (this.#others?.count ?? 0) === 0;
    const { heapUsed = NaN, runtimeTotal = NaN } = info;
    this.#parts.guard.observe(used, limit, heapUsed, runtimeTotal, alone);
    this.#parts.early?.observe(info);
  }

  async #fire(reading: Reading, info: MemInfo): Promise<void> {
    const { options, guard, early, clock, gauge, steering } = this.#parts;
    if (early?.covers(reading)) return this.#requestEarly(early, reading, info);
    if (!guard.allows(clock.now()) || steering?.affordable === false) {
      if (!this.#holding) this.#counters.held++;
      this.#holding = true;
      return;
    }
    this.#holding = false;
    if (options.collect !== false && this.#others?.allows() === false) {
      if (!this.#waiting) this.#counters.waited++;
      this.#waiting = true;
      return;
    }
    this.#waiting = false;
    this.#counters.fired++;
    const event: FireEvent = { scope: gauge.scope, ...reading, mark: this.#mark! };
    this.#call("onFire", options.onFire, event);
    if (!this.#running) return;
    this.#log("debug", `watchdog: ${gauge.scope} at ${reading.used} of ${reading.limit} bytes`);
    if (options.collect === false) {
      guard.pass(clock.now());
      this.#evaluate(reading);
    } else if (this.#running) {
      await this.#collect(reading, info, event);
    }
  }

  #requestEarly(early: EarlyGc, reading: Reading, info: MemInfo): void {
    const { options, clock, gauge: { scope } } = this.#parts;
    const now = clock.now();
    if (!early.isDue(now, reading, info)) return;
    this.#counters.fired++;
    this.#call("onFire", options.onFire, { scope, ...reading, mark: this.#mark! });
    if (!this.#running) return;
    this.#log(
      "debug",
      `watchdog: ${scope} at ${reading.used} of ${reading.limit} bytes, asks the engine`,
    );
    if (!this.#running) return;
    this.#during = "asking the engine to collect";
    this.#counters.requested++;
    early.request(clock.now(), info);
  }

  async #collect(before: Reading, infoBefore: MemInfo, event: FireEvent): Promise<void> {
    const { options, clock, gauge } = this.#parts;
    this.#call("beforeCollect", options.beforeCollect, event);
    if (!this.#running) return;
    const start = clock.now();
    this.#force();
    const end = clock.now();
    this.#during = "measuring after a collection";
    const sampled = this.#parts.sampler.sample();
    // Not awaited without need, so that nothing allocates in between.
    const infoAfter = isThenable(sampled) ? await sampled : sampled;
    const after = gauge.read(infoAfter);
    const freed = freedBetween(infoBefore, infoAfter, gauge);
    this.#duration = end - start;
    this.#counters.forced++;
    this.#counters.bytesFreed += freed;
    this.#counters.timeSpent += this.#duration;
    const helped = this.#parts.guard.record(end, this.#duration, freed, before.used);
    if (after !== undefined) this.#observe(after, infoAfter);
    this.#report(after ?? before, infoAfter, freed, helped);
    if (after !== undefined && this.#running) this.#evaluate(after);
  }

  #force(): void {
    this.#during = "collecting";
    this.#unreported = true;
    this.#others?.begin(this.#duration);
    try {
      followPromise(this.#parts.gc(), "collecting", this.#onRejection);
    } finally {
      this.#others?.end();
    }
  }

  #report({ used, limit }: Reading, info: MemInfo, freed: number, helped: boolean): void {
    const { options, guard, gauge: { scope } } = this.#parts;
    const duration = this.#duration;
    this.#inARow = helped ? 0 : this.#inARow + 1;
    if (!helped) this.#counters.ineffective++;
    this.#log("debug", `watchdog: a collection freed ${freed} bytes in ${duration.toFixed(1)} ms`);
    const event = { kind: "forced", scope, used, limit, freed, duration } as const;
    this.#call("afterCollect", options.afterCollect, event);
    if (helped || !this.#running) return;
    const { heapUsed, runtimeTotal } = info;
    const { wait } = guard;
    this.#log(
      "warn",
      `watchdog: collecting this isolate's garbage did not help: ${freed} bytes freed, ${used} of ` +
        `${limit} bytes in use (${scope}), of which this isolate's heap has ` +
        `${
          heapUsed ?? "an unknown number of"
        }. The rest is live, or belongs to other isolates or ` +
        `processes. Next forced collection in ${Math.ceil(wait)} ms at the earliest`,
    );
    if (!this.#running) return;
    this.#call("onIneffective", options.onIneffective, {
      scope,
      used,
      limit,
      freed,
      heapUsed,
      runtimeTotal,
      otherIsolates: this.#others?.count ?? 0,
      wait,
      inARow: this.#inARow,
    });
  }

  /** After a collection that was not ours: the policy is asked again. */
  async #onEngineCollection(): Promise<void> {
    if (!this.#running) return;
    this.#counters.seen++;
    const own = this.#unreported;
    this.#unreported = false;
    if (own || this.#busy) return;
    this.#busy = true;
    try {
      this.#during = "measuring after a collection";
      const reading = this.#parts.gauge.read(await this.#parts.sampler.sample());
      if (!this.#running) return;
      const { options, gauge: { scope } } = this.#parts;
      this.#call("afterCollect", options.afterCollect, {
        kind: "engine",
        scope,
        used: reading?.used,
        limit: reading?.limit,
        freed: 0,
        duration: 0,
      });
      if (reading === undefined || !this.#running) return;
      const mark = this.#mark ?? Infinity;
      this.#evaluate(reading);
      // Engines report their small collections too. If those moved the watermark
      // upwards, usage could climb to the limit without ever reaching it.
      this.#mark = Math.min(mark, this.#mark!);
      this.#during = "reading the usage";
    } catch (error) {
      this.#disarm(error);
    } finally {
      this.#busy = false;
    }
  }

  /** Calls a hook. It is not awaited; if it rejects later, that disables the watchdog. */
  #call<E>(name: string, hook: ((event: E) => unknown) | undefined, event: E): void {
    this.#during = `calling ${name}`;
    followPromise(hook?.(event), this.#during, this.#onRejection);
  }

  #log(level: keyof Logger, message: string): void {
    this.#during = `calling logger.${level}`;
    this.#parts.logger[level]?.(message);
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

  readonly #onRejection = (during: string, reason: unknown): void => this.fail(during, reason);

  #disarm(reason: unknown): void {
    this.fail(this.#during, reason);
  }

  /** Disables the watchdog and reports why. If it does not run any more, only records why. */
  fail(during: string, reason: unknown): void {
    if (!this.#running) {
      const earlier = this.#failure;
      this.#failure = earlier === undefined
        ? { during, reason }
        : { during, reason: new AggregateError([earlier.reason, reason]) };
      return;
    }
    const { options, logger } = this.#parts;
    const failure = { during, reason };
    this.#state = "disarmed";
    this.#failure = failure;
    this.#release();
    const message = `watchdog: disarmed while ${during}: ${describeReason(reason)}`;
    this.#attempt("calling logger.error", () => logger.error?.(message));
    this.#attempt(
      "calling onDisarm",
      () => followPromise(options.onDisarm?.(failure), "calling onDisarm", this.#onRejection),
    );
  }

  /** For what must not keep the rest from being done: records what it throws. */
  #attempt(during: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.fail(during, error);
    }
  }

  /** Called once, after the state has changed. */
  #release(): void {
    const { options, steering, onStop } = this.#parts;
    options.signal?.removeEventListener("abort", this.#onAbort);
    this.#stopSentinel?.();
    this.#others?.close();
    this.#stop.abort();
    if (steering !== undefined) this.#attempt("restoring the engine", () => steering.stop());
    this.#attempt("closing the sampler", onStop);
  }
}
