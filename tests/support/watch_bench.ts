import assert from "node:assert/strict";
import type { Clock } from "../../src/clock.ts";
import type { MemInfo } from "../../src/mem_info.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { watch, type WatchCallback, type WatchContext } from "../../src/watch.ts";
import type { WatchOptions } from "../../src/watch_options.ts";
import { CountingAbort, follow, type Outcome } from "./async.ts";
import { ScriptedSampler } from "./scripted_sampler.ts";

/** Something that makes time pass. */
export interface Time {
  /** To inject, or `undefined` where the global timers are fake. */
  clock: Clock | undefined;
  advance(milliseconds: number): void;
  /** Timers that still run, or `undefined` where that cannot be asked. */
  running(): number | undefined;
  restore(): void;
}

/** Time on a manual clock. */
export function manualTime(): Time {
  const clock = new ManualClock();
  return {
    clock,
    advance: (milliseconds) => clock.tick(milliseconds),
    running: () => clock.running,
    restore: () => {},
  };
}

/** One watch under test, with all that it did. */
export class Bench {
  readonly sampler: ScriptedSampler = new ScriptedSampler();
  readonly abort: CountingAbort = new CountingAbort();
  readonly calls: { rss: number | undefined; coalesced: number; cause: string }[] = [];
  readonly time: Time;
  outcome: Outcome = { state: "pending" };
  /** What the callback does besides taking notes. */
  onCall: (info: MemInfo, context: WatchContext) => unknown = () => {};

  constructor(time: Time = manualTime()) {
    this.time = time;
  }

  start(options: Partial<WatchOptions> = {}): void {
    const callback: WatchCallback = (info, context) => {
      const { coalesced, cause } = context;
      this.calls.push({ rss: info.processRss, coalesced, cause });
      return this.onCall(info, context);
    };
    this.outcome = follow(watch({
      interval: 100,
      signal: this.abort.signal,
      sampler: this.sampler,
      clock: this.time.clock,
      ...options,
    } as WatchOptions, callback));
  }

  /** Nothing is left of the watch, however long it is waited for. */
  assertNothingLeft(): void {
    const { taken } = this.sampler;
    const { length } = this.calls;
    this.time.advance(1_000);
    assert.equal(this.sampler.taken, taken, "a sample was taken after the end");
    assert.equal(this.calls.length, length, "the callback was called after the end");
    assert.equal(this.abort.listeners, 0, "a listener is left");
    assert.equal(this.time.running() ?? 0, 0, "a timer is left");
    assert.equal(this.sampler.listeners, 0, "a listener for pressure is left");
    assert.equal(this.sampler.closed, false, "an injected sampler was closed");
  }
}
