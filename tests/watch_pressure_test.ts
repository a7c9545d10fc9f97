import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../src/testing/manual_clock.ts";
import { watch } from "../src/watch.ts";
import type { WatchOptions } from "../src/watch_options.ts";
import { settle } from "./support/async.ts";
import { ScriptedSampler } from "./support/scripted_sampler.ts";
import { Bench } from "./support/watch_bench.ts";

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
    } as WatchOptions, (_, { cause, coalesced }) => {
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
    assert.equal(sampler.listeners, 0, "a listener is left");
  });

  it("samples at most once per gap", async () => {
    const { clock, sampler, calls, stop, done } = start({ wakeOnPressure: { minGap: 50 } });
    const times: number[] = [];
    for (let i = 0; i < 15; i++) {
      const { length } = calls;
      if (i < 12) sampler.press();
      if (calls.length > length) times.push(clock.now());
      clock.tick(10);
      if (calls.length > length) times.push(clock.now());
    }
    assert.deepEqual(calls, Array(4).fill("pressure 0"));
    assert.deepEqual(new Set(times), new Set([0, 10, 50, 100, 150]));
    stop.abort();
    await done;
    clock.assertIdle();
  });

  it("delivers one sample at the end of the gap for all events within it", async () => {
    const { clock, sampler, calls, stop, done } = start();
    sampler.press();
    clock.tick(30);
    sampler.press();
    sampler.press();
    assert.equal(clock.running, 2);
    clock.tick(69);
    assert.deepEqual(calls, ["pressure 0"]);
    clock.tick(1);
    assert.deepEqual(calls, ["pressure 0", "pressure 0"]);
    assert.equal(clock.running, 1, "the timer of the gap is left");
    clock.tick(500);
    assert.equal(calls.length, 2);
    stop.abort();
    await done;
  });

  it("delivers none at the end of the gap if a tick has sampled since the event", async () => {
    const { clock, sampler, calls, stop, done } = start();
    clock.tick(950);
    sampler.press();
    clock.tick(20);
    sampler.press();
    clock.tick(30);
    assert.deepEqual(calls, ["pressure 0", "tick 0"]);
    assert.equal(clock.running, 1, "the timer of the gap is left");
    clock.tick(200);
    assert.deepEqual(calls, ["pressure 0", "tick 0"]);
    sampler.press();
    assert.equal(calls.length, 3, "an event outside of the gap");
    stop.abort();
    await done;
  });

  it("delivers one if the tick's sample was older than the event", async () => {
    const { clock, sampler, calls, stop, done } = start();
    clock.tick(980);
    sampler.press();
    clock.tick(20);
    clock.tick(10);
    sampler.press();
    clock.tick(70);
    assert.deepEqual(calls, ["pressure 0", "tick 0", "pressure 0"]);
    stop.abort();
    await done;
  });

  it("delivers one if the sample under way began before the event", async () => {
    const gate = Promise.withResolvers<void>();
    const { clock, sampler, calls, stop, done } = start();
    sampler.next = (info) => gate.promise.then(() => info);
    sampler.press();
    sampler.press();
    gate.resolve();
    await settle();
    assert.deepEqual(calls, ["pressure 0"]);
    clock.tick(100);
    assert.deepEqual(calls, ["pressure 0", "pressure 0"]);
    stop.abort();
    await done;
  });

  it("merges the end of the gap with what else falls due during a callback", async () => {
    const gate = Promise.withResolvers<void>();
    const { clock, sampler, calls, stop, done } = start({}, () => gate.promise);
    sampler.press();
    sampler.press();
    clock.tick(1_100);
    assert.deepEqual(calls, ["pressure 0"]);
    gate.resolve();
    await settle();
    assert.deepEqual(calls, ["pressure 0", "pressure 1"]);
    stop.abort();
    await done;
  });

  it("has no gap with minGap 0, and none that ends with Infinity", async () => {
    const none = start({ wakeOnPressure: { minGap: 0 } });
    none.sampler.press();
    none.sampler.press();
    assert.equal(none.calls.length, 2);
    none.stop.abort();
    await none.done;

    const { clock, sampler, calls, stop, done } = start({ wakeOnPressure: { minGap: Infinity } });
    sampler.press();
    sampler.press();
    assert.equal(clock.running, 1);
    clock.tick(1_000);
    assert.deepEqual(calls, ["pressure 0", "tick 0"]);
    stop.abort();
    await done;
  });

  it("releases the timer of the gap on abort, and keeps the process alive as its ticks do", async () => {
    for (const unref of [false, true]) {
      const { clock, sampler, stop, done } = start({ unref });
      sampler.press();
      sampler.press();
      assert.deepEqual([clock.running, clock.referenced], [2, unref ? 0 : 2]);
      stop.abort();
      clock.assertIdle();
      await done;
    }
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

  it("an event while the watch is set up is sampled after that, and no call overlaps", async () => {
    for (const immediate of [false, true]) {
      const sampler = new ScriptedSampler();
      sampler.onPressure = (wake) => {
        wake();
        wake();
        assert.equal(sampler.taken, 0);
        return () => {};
      };
      sampler.next = (info) => Promise.resolve(info);
      const { calls, stop, done } = start({ sampler, immediate });
      assert.equal(sampler.taken, 1);
      await settle();
      assert.deepEqual(calls, [immediate ? "immediate 1" : "pressure 0"]);
      stop.abort();
      await done;
    }
  });

  it("an event while the watch is set up that leads to an abort unregisters it", async () => {
    const sampler = new ScriptedSampler();
    const listen = sampler.onPressure;
    sampler.onPressure = (wake) => {
      wake();
      return listen.call(sampler, wake);
    };
    const bench = new Bench();
    bench.onCall = () => bench.abort.abort();
    bench.start({ sampler, wakeOnPressure: true });
    await settle();
    assert.equal(bench.outcome.state, "resolved");
    assert.equal(bench.calls.length, 1);
    assert.equal(sampler.listeners, 0, "a listener is left");
    bench.assertNothingLeft();
  });

  it("an abort by the sampler's onPressure unregisters it as well", async () => {
    const bench = new Bench();
    const listen = bench.sampler.onPressure;
    bench.sampler.onPressure = (wake) => {
      bench.abort.abort();
      return listen.call(bench.sampler, wake);
    };
    bench.start({ wakeOnPressure: true, immediate: true });
    await settle();
    assert.equal(bench.outcome.state, "resolved");
    assert.equal(bench.sampler.taken, 0);
    bench.assertNothingLeft();
  });

  it("rejects with what the sampler's onPressure throws, and nothing is left", async () => {
    const bench = new Bench();
    let wake = () => {};
    bench.sampler.onPressure = (given) => {
      wake = given;
      wake();
      throw "of onPressure";
    };
    bench.start({ wakeOnPressure: true, immediate: true });
    await settle();
    assert.equal(bench.outcome.reason, "of onPressure");
    wake();
    assert.equal(bench.sampler.taken, 0);
    bench.assertNothingLeft();
  });

  it("does not listen unless asked to", async () => {
    for (const wakeOnPressure of [undefined, false]) {
      const { sampler, stop, done } = start({ wakeOnPressure });
      assert.equal(sampler.listeners, 0);
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
