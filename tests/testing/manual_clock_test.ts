import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock, ScenarioSampler } from "../../testing.ts";

describe("time on a ManualClock", () => {
  it("begins at 0 and passes only when told to", () => {
    const clock = new ManualClock();
    assert.equal(clock.now(), 0);
    clock.tick(5);
    clock.block(5);
    assert.equal(clock.now(), 10);
  });

  it("passes to its end behind the last tick, awaited or not", async () => {
    const clock = new ManualClock();
    clock.every(4, () => {}, false);
    clock.tick(5);
    assert.equal(clock.now(), 5);
    await clock.tickAsync(5);
    assert.equal(clock.now(), 10);
  });

  it("fires what falls due at the very end", async () => {
    const clock = new ManualClock();
    let fired = 0;
    clock.every(10, () => fired++, false);
    clock.tick(9);
    assert.equal(fired, 0);
    clock.tick(1);
    assert.equal(fired, 1);
    await clock.tickAsync(10);
    assert.equal(fired, 2);
    clock.block(10);
    assert.equal(fired, 3);
  });

  it("fires two that are due together in the order in which they began", () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    clock.every(10, () => fired.push("first"), false);
    clock.every(10, () => fired.push("second"), false);
    clock.tick(10);
    assert.deepEqual(fired, ["first", "second"]);
  });

  it("counts a period from the moment at which it began", () => {
    const clock = new ManualClock();
    clock.tick(7);
    const fired: number[] = [];
    clock.every(10, () => fired.push(clock.now()), false);
    clock.tick(20);
    assert.deepEqual(fired, [17, 27]);
  });

  it("does not go back when a tick lets time pass itself", async () => {
    const clock = new ManualClock();
    const seen: number[] = [];
    let blocks = 1;
    clock.every(
      10,
      () => {
        if (blocks-- > 0) clock.block(100);
        seen.push(clock.now());
      },
      false,
    );
    clock.tick(20);
    assert.ok(clock.now() >= 110, `${clock.now()}`);
    assert.deepEqual(seen.toSorted((a, b) => a - b), seen);
    const before = clock.now();
    await clock.tickAsync(0);
    assert.equal(clock.now(), before);
  });

  it("stops a period, also from within its own tick", () => {
    const clock = new ManualClock();
    let fired = 0;
    const stop = clock.every(
      10,
      () => {
        fired++;
        stop();
      },
      false,
    );
    clock.tick(100);
    assert.deepEqual([fired, clock.running], [1, 0]);
  });

  it("settles promises before the first tick and after each", async () => {
    const clock = new ManualClock();
    const order: string[] = [];
    Promise.resolve().then(() => order.push("before"));
    clock.every(
      10,
      () => {
        order.push("tick");
        Promise.resolve().then(() => order.push("after"));
      },
      false,
    );
    await clock.tickAsync(20);
    assert.deepEqual(order, ["before", "tick", "after", "tick", "after"]);
  });
});

describe("a blocked ManualClock", () => {
  it("fires each period that fell due once, late, and the next one a period later", () => {
    const clock = new ManualClock();
    const fired: number[] = [];
    clock.every(10, () => fired.push(clock.now()), false);
    clock.block(35);
    assert.deepEqual(fired, [35]);
    clock.tick(9);
    assert.deepEqual(fired, [35]);
    clock.tick(1);
    assert.deepEqual(fired, [35, 45]);
  });

  it("leaves alone what did not fall due", () => {
    const clock = new ManualClock();
    const fired: number[] = [];
    clock.every(10, () => fired.push(clock.now()), false);
    clock.block(9);
    assert.deepEqual(fired, []);
    clock.tick(1);
    assert.deepEqual(fired, [10]);
  });
});

describe("the periods of a ManualClock", () => {
  it("are counted, and those that keep the process alive apart", () => {
    const clock = new ManualClock();
    const stop = clock.every(10, () => {}, false);
    clock.every(10, () => {}, true);
    assert.deepEqual([clock.running, clock.referenced], [2, 1]);
    stop();
    assert.deepEqual([clock.running, clock.referenced], [1, 0]);
    assert.throws(() => clock.assertIdle(), /^Error: 1 /);
  });
});

describe("the sampler of a scripted memory", () => {
  const at0 = () => new ScenarioSampler(new ManualClock(), [{ at: 0, processRss: 5 }]);

  it("explains what the script gives and what it does not", () => {
    const { signals } = at0();
    assert.deepEqual([signals.processRss.available, signals.processRss.reason], [true, undefined]);
    assert.match(signals.processRss.source, /\w/);
    assert.equal(signals.systemTotal.available, false);
    assert.match(signals.systemTotal.source, /\w/);
    assert.match(signals.systemTotal.reason!, /\w+ \w+/);
    assert.equal(signals.pressureEvents.available, true);
  });

  it("explains pressure, too", () => {
    const none = { avg10: 0, avg60: 0, avg300: 0, total: 0 };
    const told = new ScenarioSampler(new ManualClock(), [
      { at: 0, pressure: { some: none, full: none } },
    ]);
    assert.equal(told.signals.pressure.available, true);
    assert.equal(at0().signals.pressure.available, false);
  });

  it("takes no sample to explain", () => {
    const sampler = at0();
    assert.ok(sampler.signals.processRss);
    assert.equal(sampler.samples, 0);
  });

  it("may have two moments at one time: the later one holds", () => {
    const sampler = new ScenarioSampler(new ManualClock(), [
      { at: 0, processRss: 1 },
      { at: 0, processRss: 2 },
    ]);
    assert.equal(sampler.sample().processRss, 2);
  });

  it("may begin before 0", () => {
    const sampler = new ScenarioSampler(new ManualClock(), [{ at: -5, processRss: 1 }]);
    assert.equal(sampler.sample().processRss, 1);
  });

  it("wakes each of its listeners until that one stops, also where two are one function", () => {
    const sampler = at0();
    let woken = 0;
    const wake = () => void woken++;
    const stop = sampler.onPressure(wake);
    const stopOther = sampler.onPressure(wake);
    sampler.press();
    assert.equal(woken, 2);
    stop();
    sampler.press();
    assert.equal(woken, 3);
    stopOther();
    sampler.press();
    assert.equal(woken, 3);
  });

  it("is open until it is closed", () => {
    const sampler = at0();
    assert.equal(sampler.closed, false);
    sampler.close();
    assert.equal(sampler.closed, true);
    assert.throws(() => sampler.sample(), /closed/);
    assert.equal(sampler.samples, 0);
  });

  it("names what is wrong with a script", () => {
    const make = (...moments: number[]) => () =>
      new ScenarioSampler(new ManualClock(), moments.map((at) => ({ at })));
    assert.throws(make(), { name: "RangeError", message: /at least one step.*none$/ });
    assert.throws(make(1, 2, 1), { name: "RangeError", message: /order.*is 1 at index 2$/ });
  });
});
