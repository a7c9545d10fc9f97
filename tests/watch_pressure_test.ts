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
    assert.equal(sampler.wakes.size, 0, "a listener is left");
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
