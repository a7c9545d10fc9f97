import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MiB, watch } from "../../mod.ts";
import { ManualClock, ScenarioSampler, type ScenarioStep } from "../../testing.ts";

describe("ManualClock", () => {
  it("fires each period when it is due, in order of time", () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    clock.every(30, () => fired.push(`slow ${clock.now()}`), false);
    clock.every(20, () => fired.push(`fast ${clock.now()}`), false);
    clock.tick(65);
    assert.deepEqual(fired, ["fast 20", "slow 30", "fast 40", "slow 60", "fast 60"]);
    assert.equal(clock.now(), 65);
  });

  it("lets promises settle between ticks when asked to", async () => {
    const clock = new ManualClock();
    const sampler = new ScenarioSampler(clock, [{ at: 0 }]);
    const stop = new AbortController();
    const coalesced: number[] = [];
    const done = watch(
      { interval: 10, clock, sampler, signal: stop.signal },
      async (_, context) => {
        coalesced.push(context.coalesced);
        for (let i = 0; i < 3; i++) await Promise.resolve();
      },
    );
    await clock.tickAsync(30);
    assert.deepEqual(coalesced, [0, 0, 0]);
    stop.abort();
    await done;
  });

  it("fires after a blocked loop in order of time, and nothing that was stopped", () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    const stops: (() => void)[] = [];
    stops.push(clock.every(30, () => fired.push("slow"), false));
    clock.every(20, () => {
      fired.push("fast");
      for (const stop of stops) stop();
    }, false);
    clock.block(100);
    assert.deepEqual(fired, ["fast"]);
  });

  it("says what is left running", async () => {
    const clock = new ManualClock();
    const sampler = new ScenarioSampler(clock, [{ at: 0 }]);
    const stop = new AbortController();
    clock.assertIdle();
    const done = watch({ interval: 10, clock, sampler, signal: stop.signal }, () => {});
    assert.throws(() => clock.assertIdle(), /1 periods still run on this clock/);
    stop.abort();
    await done;
    clock.assertIdle();
  });
});

describe("ScenarioSampler", () => {
  it("holds each signal until a later moment changes it", () => {
    const clock = new ManualClock();
    const sampler = new ScenarioSampler(clock, [
      { at: 0, cgroupLimit: 300 * MiB, cgroupCurrent: 100 * MiB },
      { at: 50, cgroupCurrent: 250 * MiB },
      { at: 80, cgroupLimit: undefined, systemAvailable: 7 },
    ]);
    assert.equal(sampler.sample().headroom(), 200 * MiB);
    clock.tick(50);
    assert.equal(sampler.sample().headroom(), 50 * MiB);
    assert.equal(sampler.signals.systemAvailable.available, false);
    clock.tick(30);
    assert.equal(sampler.sample().headroom(), 7);
    assert.equal(sampler.signals.cgroupLimit.available, false);
    assert.equal(sampler.sample().at, 80);
    assert.equal(sampler.samples, 4);
  });

  it("explains its last snapshot, or this moment if there is none", () => {
    const clock = new ManualClock();
    const sampler = new ScenarioSampler(clock, [{ at: 0 }, { at: 50, processRss: 7 }]);
    assert.equal(sampler.signals.processRss.available, false);
    clock.tick(50);
    assert.equal(sampler.signals.processRss.available, true);
    assert.equal(sampler.samples, 0);
    const early = new ScenarioSampler(clock, [{ at: 0 }, { at: 60, processRss: 7 }]);
    early.sample();
    clock.tick(10);
    assert.equal(early.signals.processRss.available, false);
    early.sample();
    assert.equal(early.signals.processRss.available, true);
  });

  it("tells what a function returns for the time of each snapshot, or throws", () => {
    const clock = new ManualClock();
    const mine = new Error("mine");
    const times: number[] = [];
    const sampler = new ScenarioSampler(clock, (at) => {
      times.push(at);
      if (at === 70) throw mine;
      return at < 50 ? { processRss: 1 } : { systemAvailable: 2 };
    });
    assert.equal(sampler.sample().processRss, 1);
    assert.equal(sampler.signals.processRss.available, true);
    clock.tick(50);
    const info = sampler.sample();
    assert.deepEqual([info.processRss, info.systemAvailable, info.at], [undefined, 2, 50]);
    assert.equal(sampler.signals.processRss.available, false);
    clock.tick(20);
    assert.throws(() => sampler.sample(), (error) => error === mine);
    assert.equal(sampler.samples, 3);
    assert.deepEqual(times, [0, 50, 70]);
  });

  it("has nothing before its first moment", () => {
    const sampler = new ScenarioSampler(new ManualClock(), [{ at: 5, processRss: 1 }]);
    assert.equal(sampler.sample().processRss, undefined);
  });

  it("wakes a watch as the kernel would", async () => {
    const clock = new ManualClock();
    const sampler = new ScenarioSampler(clock, [{ at: 0 }]);
    const stop = new AbortController();
    const causes: string[] = [];
    const done = watch(
      { interval: 1_000, clock, sampler, wakeOnPressure: true, signal: stop.signal },
      (_, { cause }) => void causes.push(cause),
    );
    assert.equal(sampler.listeners, 1);
    sampler.press();
    assert.deepEqual(causes, ["pressure"]);
    stop.abort();
    await done;
    assert.equal(sampler.listeners, 0);
  });

  it("refuses a scenario that is none", () => {
    const bad: [ScenarioStep[], RegExp][] = [
      [[], /at least one step/],
      [[{ at: 5 }, { at: 4 }], /in order of 'at': current value is 4 at index 1/],
      [[{ at: NaN }], /in order of 'at': current value is NaN/],
    ];
    for (const [scenario, message] of bad) {
      assert.throws(() => new ScenarioSampler(new ManualClock(), scenario), {
        name: "RangeError",
        message,
      });
    }
  });

  it("throws once closed", () => {
    const sampler = new ScenarioSampler(new ManualClock(), [{ at: 0 }]);
    sampler[Symbol.dispose]();
    assert.equal(sampler.closed, true);
    assert.throws(() => sampler.sample(), /closed/);
  });
});
