import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemInfo, type MemInfoInit } from "../../mod.ts";
import { cgroupGauge, freedBetween, heapGauge, systemGauge } from "../../src/watchdog/gauge.ts";

describe("the figure that a watchdog follows", () => {
  const whole: MemInfoInit = {
    heapUsed: 1,
    cgroupCurrent: 20,
    cgroupWorkingSet: 15,
    cgroupLimit: 100,
    systemTotal: 1_000,
    systemAvailable: 300,
  };
  const without = (...names: (keyof MemInfoInit)[]) =>
    new MemInfo({ ...whole, ...Object.fromEntries(names.map((name) => [name, undefined])) });

  it("is the heap against the limit that was given", () => {
    assert.equal(heapGauge(50).scope, "heap");
    assert.deepEqual(heapGauge(50).read(new MemInfo(whole)), { used: 1, limit: 50 });
    assert.deepEqual(heapGauge(50).read(new MemInfo({ heapUsed: 0 })), { used: 0, limit: 50 });
  });

  it("is the working set of the container where it is known, else its usage", () => {
    assert.equal(cgroupGauge.scope, "cgroup");
    assert.deepEqual(cgroupGauge.read(new MemInfo(whole)), { used: 15, limit: 100 });
    assert.deepEqual(cgroupGauge.read(without("cgroupWorkingSet")), { used: 20, limit: 100 });
  });

  it("is the host's memory in use against all of it, or against the limit that was given", () => {
    assert.equal(systemGauge(undefined).scope, "system");
    assert.deepEqual(systemGauge(undefined).read(new MemInfo(whole)), { used: 700, limit: 1_000 });
    assert.deepEqual(systemGauge(800).read(new MemInfo(whole)), { used: 700, limit: 800 });
  });

  it("is unknown where one of its parts is, or where there is no limit", () => {
    assert.equal(heapGauge(50).read(without("heapUsed")), undefined);
    assert.equal(cgroupGauge.read(without("cgroupLimit")), undefined);
    assert.equal(cgroupGauge.read(without("cgroupCurrent", "cgroupWorkingSet")), undefined);
    assert.equal(cgroupGauge.read(new MemInfo({ ...whole, cgroupLimit: Infinity })), undefined);
    assert.equal(systemGauge(5).read(without("systemTotal")), undefined);
    assert.equal(systemGauge(5).read(without("systemAvailable")), undefined);
  });
});

describe("the bytes that a collection freed", () => {
  const freed = (before: MemInfoInit, after: MemInfoInit) =>
    freedBetween(new MemInfo(before), new MemInfo(after), cgroupGauge);

  it("are what the heap in use or all of the isolate's memory fell by, whichever is more", () => {
    assert.equal(freed({ heapUsed: 9, runtimeTotal: 20 }, { heapUsed: 4, runtimeTotal: 18 }), 5);
    assert.equal(freed({ heapUsed: 9, runtimeTotal: 20 }, { heapUsed: 8, runtimeTotal: 13 }), 7);
    assert.equal(freed({ heapUsed: 9, runtimeTotal: 20 }, { heapUsed: 10, runtimeTotal: 20 }), 0);
  });

  it("are told by one of the two where the other is unknown", () => {
    assert.equal(freed({ heapUsed: 9 }, { heapUsed: 4 }), 5);
    assert.equal(freed({ runtimeTotal: 20 }, { runtimeTotal: 13 }), 7);
    assert.equal(freed({ heapUsed: 9, runtimeTotal: 20 }, { runtimeTotal: 13 }), 7);
  });

  it("are what the usage fell by where both are unknown, or none", () => {
    const usage = (cgroupCurrent: number) => ({ cgroupLimit: 100, cgroupCurrent });
    assert.equal(freed(usage(90), usage(60)), 30);
    assert.equal(freed(usage(60), usage(90)), 0);
    assert.equal(freed(usage(90), {}), 0);
    assert.equal(freed({}, usage(90)), 0);
    assert.equal(freed({}, {}), 0);
  });

  it("do not count what left the container while the heap's figures are known", () => {
    const info = { cgroupLimit: 100, heapUsed: 9 };
    assert.equal(freed({ ...info, cgroupCurrent: 90 }, { ...info, cgroupCurrent: 20 }), 0);
  });
});
