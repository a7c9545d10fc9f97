import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { watch } from "../src/watch.ts";
import type { WatchOptions } from "../src/watch_options.ts";
import { settle } from "./support/async.ts";
import { ManualClock } from "../src/testing/manual_clock.ts";
import { ScriptedSampler } from "./support/scripted_sampler.ts";
import { manualTime } from "./support/watch_bench.ts";
import { describeWatchTable } from "./support/watch_table.ts";

describeWatchTable("watch() on a manual clock", manualTime);

describe("watch()", () => {
  it("fires once after an event loop that could not fire for several intervals", async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    let calls = 0;
    const done = watch(
      { interval: 100, signal: stop.signal, sampler: new ScriptedSampler(), clock },
      () => calls++,
    );
    clock.block(1_000);
    await settle();
    assert.equal(calls, 1);
    clock.tick(100);
    assert.equal(calls, 2);
    stop.abort();
    await done;
  });

  it("asks for ticks that do not keep the process alive only with unref", async () => {
    for (const unref of [false, true, undefined]) {
      const clock = new ManualClock();
      const stop = new AbortController();
      const done = watch(
        { interval: 100, signal: stop.signal, sampler: new ScriptedSampler(), clock, unref },
        () => {},
      );
      assert.equal(clock.running, 1);
      assert.equal(clock.referenced, unref ? 0 : 1);
      stop.abort();
      await done;
      assert.equal(clock.running, 0);
    }
  });

  it("refuses each bad option by name, rule and value", async () => {
    const cases: [Partial<Record<keyof WatchOptions, unknown>>, ErrorConstructor, RegExp][] = [
      [{ signal: {} }, TypeError, /'signal' must be an AbortSignal: current value is an object/],
      [{ signal: "stop" }, TypeError, /'signal' must be an AbortSignal: current value is "stop"/],
      [{ onPanic: 1 }, TypeError, /'onPanic' must be a function: current value is 1/],
      [{ immediate: "yes" }, TypeError, /'immediate' must be a boolean: current value is "yes"/],
      [{ unref: 0 }, TypeError, /'unref' must be a boolean: current value is 0/],
      [{ usage: "rss" }, RangeError, /'usage' must be one of "current", "workingSet".*"rss"/],
      [{ usage: 3 }, TypeError, /'usage' must be one of .* current value is 3/],
      [{ adapter: "bsd" }, RangeError, /'adapter' must be one of .*"bsd"/],
      [{ root: "" }, RangeError, /'root' must not be empty/],
      [{ root: 7 }, TypeError, /'root' must be a path: current value is 7/],
      [{ sampler: {} }, TypeError, /'sampler' must be an object with a method sample\(\)/],
      [{ clock: null }, TypeError, /'clock' must be an object with a method every\(\)/],
    ];
    const clock = new ManualClock();
    for (const [option, error, message] of cases) {
      const sampler = new ScriptedSampler();
      const options = { interval: 100, immediate: true, sampler, clock, ...option };
      await assert.rejects(watch(options as WatchOptions, () => {}), (reason: Error) => {
        assert.ok(reason instanceof error, `${reason}`);
        assert.match(reason.message, message);
        return true;
      });
      assert.equal(sampler.taken, 0);
      assert.equal(clock.running, 0);
    }
    for (const options of [undefined, null, 5]) {
      await assert.rejects(watch(options as unknown as WatchOptions, () => {}), {
        name: "TypeError",
        message: /'options' must be an object/,
      });
    }
  });

  it("rejects a wakeOnPressure that is none", async () => {
    const cases: [unknown, RegExp][] = [
      [1, /'wakeOnPressure' must be a boolean: current value is 1/],
      [{ minGap: "5" }, /'wakeOnPressure.minGap' must be a number of milliseconds.*"5"/],
      [{ minGap: -1 }, /'wakeOnPressure.minGap' must be at least 0 milliseconds.*-1/],
      [{ minGap: NaN }, /'wakeOnPressure.minGap' must be at least 0 milliseconds.*NaN/],
    ];
    for (const [wakeOnPressure, message] of cases) {
      const options = { interval: 1, sampler: new ScriptedSampler(), wakeOnPressure };
      await assert.rejects(watch(options as WatchOptions, () => {}), message);
    }
  });

  it("rejects with what a clock throws, and nothing is left", async () => {
    const stop = new AbortController();
    const sampler = new ScriptedSampler();
    const clock = {
      now: () => 0,
      every() {
        throw new Error("no time");
      },
    };
    await assert.rejects(
      watch({ interval: 1, immediate: true, signal: stop.signal, sampler, clock }, () => {}),
      /no time/,
    );
    assert.equal(sampler.taken, 0);
  });
});
