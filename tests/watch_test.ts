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

describe("watch() with wakeOnPressure", () => {
  /** A watch at 1 s whose causes and coalesced counts are noted. */
  function start(options: Partial<WatchOptions> = {}, onCall: () => unknown = () => {}) {
    const clock = new ManualClock();
    const sampler = new ScriptedSampler();
    const stop = new AbortController();
    const calls: string[] = [];
    const done = watch({
      interval: 1_000,
      wakeOnPressure: true,
      signal: stop.signal,
      sampler,
      clock,
      ...options,
    }, (_, { cause, coalesced }) => {
      calls.push(`${cause} ${coalesced}`);
      return onCall();
    });
    return { clock, sampler, calls, stop, done };
  }

  it("samples at once when the kernel gives notice, and goes on with its ticks", async () => {
    const { clock, sampler, calls, stop, done } = start();
    clock.tick(300);
    sampler.press();
    assert.deepEqual(calls, ["pressure 0"]);
    clock.tick(700);
    assert.deepEqual(calls, ["pressure 0", "tick 0"]);
    stop.abort();
    await done;
    assert.equal(sampler.wakes.size, 0, "a listener is left");
  });

  it("samples at most once per gap", async () => {
    const { clock, sampler, calls, stop, done } = start({ wakeOnPressure: { minGap: 50 } });
    for (let i = 0; i < 10; i++) {
      sampler.press();
      clock.tick(10);
    }
    assert.deepEqual(calls, ["pressure 0", "pressure 0"]);
    stop.abort();
    await done;
  });

  it("a notice while the callback runs is one call after it, with what else fell due", async () => {
    const gate = Promise.withResolvers<void>();
    const { clock, sampler, calls, stop, done } = start({}, () => gate.promise);
    clock.tick(1_000);
    sampler.press();
    clock.tick(2_000);
    assert.deepEqual(calls, ["tick 0"], "calls overlapped");
    gate.resolve();
    await settle();
    assert.deepEqual(calls, ["tick 0", "pressure 2"]);
    stop.abort();
    await done;
  });

  it("an abort during a callback drops a pending notice", async () => {
    const gate = Promise.withResolvers<void>();
    const { clock, sampler, calls, stop, done } = start({}, () => gate.promise);
    clock.tick(1_000);
    sampler.press();
    stop.abort();
    gate.resolve();
    await done;
    sampler.press();
    assert.deepEqual(calls, ["tick 0"]);
  });

  it("does not listen unless asked to", async () => {
    for (const wakeOnPressure of [undefined, false]) {
      const { sampler, stop, done } = start({ wakeOnPressure });
      assert.equal(sampler.wakes.size, 0);
      stop.abort();
      await done;
    }
  });

  it("stays with its ticks where there is no notice", async () => {
    const sampler = new ScriptedSampler();
    Object.defineProperty(sampler, "onPressure", { value: undefined });
    const { clock, calls, stop, done } = start({ sampler });
    clock.tick(1_000);
    assert.deepEqual(calls, ["tick 0"]);
    stop.abort();
    await done;
  });
});

describe("watch() with a function for interval", () => {
  it("asks it before the first sample and after each", async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const asked: (number | undefined)[] = [];
    const calls: number[] = [];
    const done = watch({
      interval: (info) => {
        asked.push(info?.processRss);
        return info === undefined ? 100 : 10 * info.processRss!;
      },
      signal: stop.signal,
      sampler: new ScriptedSampler(),
      clock,
    }, () => void calls.push(clock.now()));
    clock.tick(160);
    assert.deepEqual(asked, [undefined, 1, 2, 3, 4]);
    assert.deepEqual(calls, [100, 110, 130, 160]);
    stop.abort();
    await done;
    assert.equal(clock.running, 0);
  });

  it("refuses a bad interval from it, at the start and later", async () => {
    const clock = new ManualClock();
    const sampler = new ScriptedSampler();
    await assert.rejects(watch({ interval: () => 0, clock, sampler }, () => {}), RangeError);
    assert.equal(clock.running, 0);

    const panics: unknown[] = [];
    const stop = new AbortController();
    const interval = () => sampler.taken === 2 ? NaN : 10;
    const done = watch({
      interval,
      clock,
      sampler,
      signal: stop.signal,
      onPanic: (reason) => void panics.push(reason),
    }, () => {});
    clock.tick(40);
    assert.equal(panics.length, 1);
    assert.ok(panics[0] instanceof RangeError);
    assert.equal(sampler.taken, 4, "sampling goes on");
    stop.abort();
    await done;
  });
});
