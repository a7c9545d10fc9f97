import { type MemInfo, type MemInfoInit, MiB, type Sampler } from "../../mod.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";
import type { WatchdogRules } from "../../watchdog.ts";
import { settle } from "./async.ts";

export const LIMIT: number = 64 * MiB;
export const TOTAL: number = 1024 * MiB;

/** Options that leave what is sampled to a sampler. */
type BenchOptions = WatchdogRules & { sampler?: Sampler | undefined };

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
  /** Fields that cannot be read. */
  missing: (keyof MemInfoInit)[] = [];
  /** What `sample()` throws, if anything. */
  failure: Error | undefined;
  readonly log: string[] = [];

  get used(): number {
    return this.live + this.garbage + this.elsewhere;
  }

  readonly sampler: ScenarioSampler = new ScenarioSampler(this.clock, () => this.#memory());

  /** The same memory for a watchdog that samples it in another way. */
  samplerWith(sample: () => MemInfo | Promise<MemInfo>): Sampler {
    return Object.assign(new ScenarioSampler(this.clock, () => this.#memory()), { sample });
  }

  /** Options that put a watchdog into this container. */
  options(more: BenchOptions = {}): BenchOptions {
    const log = (level: string) => (message: string) => void this.log.push(`${level}: ${message}`);
    return {
      sampler: this.sampler,
      clock: this.clock,
      interval: 10,
      maxInterval: more.interval ?? 10,
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

  #memory(): MemInfoInit {
    if (this.failure !== undefined) throw this.failure;
    const init: MemInfoInit = {
      cgroupLimit: this.limit,
      cgroupCurrent: this.used,
      heapUsed: this.live + this.garbage,
      systemTotal: TOTAL,
      systemAvailable: TOTAL - this.used,
    };
    for (const name of this.missing) delete init[name];
    return init;
  }
}
