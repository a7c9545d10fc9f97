import { MemInfo, type MemInfoInit, SIGNAL_NAMES } from "../../src/mem_info.ts";
import type { Sampler, Signal, Signals } from "../../src/sampler.ts";
import type { CommonWatchdogOptions } from "../../src/watchdog/options.ts";
import { settle } from "./async.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";

const MIB = 1024 * 1024;
export const LIMIT: number = 64 * MIB;
export const TOTAL: number = 1024 * MIB;

/** A container whose memory is what the test says, live and garbage apart. */
export class WatchdogBench {
  readonly clock: ManualClock = new ManualClock();
  live = 0;
  garbage = 0;
  /** Bytes of the container that are not in this isolate's heap. */
  elsewhere = 0;
  limit: number = LIMIT;
  /** Milliseconds that a collection takes. */
  pause = 0;
  collections = 0;
  closed = 0;
  /** Fields that cannot be read. */
  missing: (keyof MemInfoInit)[] = [];
  /** What `sample()` throws, if anything. */
  failure: Error | undefined;
  readonly log: string[] = [];

  get used(): number {
    return this.live + this.garbage + this.elsewhere;
  }

  readonly sampler: Sampler = {
    sample: () => this.#sample(),
    signals: Object.fromEntries(
      [...SIGNAL_NAMES, "pressureEvents"].map((
        name,
      ): [string, Signal] => [name, { available: true, source: "script" }]),
    ) as Signals,
    close: () => void this.closed++,
    [Symbol.dispose]: () => {},
  };

  /** Options that put a watchdog into this container. */
  options(more: CommonWatchdogOptions = {}): CommonWatchdogOptions {
    const log = (level: string) => (message: string) => void this.log.push(`${level}: ${message}`);
    return {
      sampler: this.sampler,
      clock: this.clock,
      interval: 10,
      gc: () => this.collect(),
      logger: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
      ...more,
    };
  }

  collect(): void {
    this.collections++;
    this.garbage = 0;
    this.clock.block(this.pause);
  }

  /** Lets time pass, tick by tick. */
  async advance(milliseconds: number, step = 10): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += step) {
      this.clock.tick(step);
      await settle();
    }
  }

  #sample(): MemInfo {
    if (this.failure !== undefined) throw this.failure;
    const init: MemInfoInit = {
      at: 0,
      cgroupLimit: this.limit,
      cgroupCurrent: this.used,
      heapUsed: this.live + this.garbage,
      systemTotal: TOTAL,
      systemAvailable: TOTAL - this.used,
    };
    for (const name of this.missing) delete init[name];
    return new MemInfo(init);
  }
}
