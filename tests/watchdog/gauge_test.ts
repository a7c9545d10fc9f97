import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemInfo, type MemInfoInit } from "../../mod.ts";
import { cgroupGauge, heapGauge, systemGauge } from "../../src/watchdog/gauge.ts";

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
