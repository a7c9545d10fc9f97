import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openEngine, thisEngine } from "../../platform/engine.ts";
import { type RuntimeHost, RuntimeSampler } from "../../platform/runtime_sampler.ts";
import { openSampler } from "../../src/host/sampling.ts";
import { type MemInfo, SIGNAL_NAMES } from "../../src/mem_info.ts";

const stripped: RuntimeHost = {
  engine: openEngine({}),
  systemReason: "nothing here",
  cgroupReason: "nothing here",
};

describe("the runtime-only sampler", () => {
  it("of a runtime stripped of everything has nothing, and says why", () => {
    const sampler = new RuntimeSampler(stripped);
    const info = sampler.sample();
    for (const name of SIGNAL_NAMES) {
      assert.equal(info[name], undefined, name);
      const { available, reason } = sampler.signals[name];
      assert.equal(available, false, name);
      assert.match(reason ?? "", /nothing here|this runtime has no/, name);
    }
    assert.equal(info.headroom(), undefined);
    assert.equal(info.tightest(), undefined);
  });

  it("of this runtime has the resident set and the heap", () => {
    const sampler = openSampler({ adapter: "runtime" });
    const info = sampler.sample() as MemInfo;
    assert.ok(info.processRss! > 1_000_000);
    assert.ok(info.runtimeTotal! > 100_000);
    assert.ok(info.heapUsed! > 0);
    for (const name of ["processRss", "runtimeTotal", "heapUsed"] as const) {
      assert.equal(sampler.signals[name].available, true);
    }
    sampler.close();
    assert.throws(() => sampler.sample(), /closed/);
  });

  it("takes the runtime's word for the cgroup's limit, with the resident set as an estimate", () => {
    const sampler = new RuntimeSampler({
      ...stripped,
      memoryUsage: () => ({ rss: 30 }),
      system: { source: "test", read: () => ({ total: 1_000, available: 500 }) },
      constrainedMemory: () => 100,
    });
    const info = sampler.sample();
    assert.equal(info.cgroupLimit, 100);
    assert.equal(info.headroom(), 70);
    assert.equal(sampler.signals.cgroupCurrent.estimate, true);
    assert.match(sampler.signals.cgroupCurrent.note!, /resident set/);
  });

  for (const value of [0, 2 ** 62, 18_446_744_073_709_552_000, 1_000, 2_000]) {
    it(`does not take ${value} of 1000 for a limit`, () => {
      const sampler = new RuntimeSampler({
        ...stripped,
        system: { source: "test", read: () => ({ total: 1_000, available: 500 }) },
        constrainedMemory: () => value,
      });
      const info = sampler.sample();
      assert.equal(info.cgroupLimit, undefined);
      assert.equal(info.headroom(), 500);
      assert.match(sampler.signals.cgroupLimit.reason!, /does not mean that there is none/);
    });
  }

  it("takes a call that throws for unavailable", () => {
    const fail = () => {
      throw new Error("no file descriptor left");
    };
    const sampler = new RuntimeSampler({
      ...stripped,
      engine: openEngine({ memoryUsage: fail }),
      memoryUsage: fail,
      system: { source: "test", read: fail },
      constrainedMemory: fail,
    });
    const info = sampler.sample();
    for (const name of SIGNAL_NAMES) assert.equal(info[name], undefined, name);
  });

  it("takes figures that are no sizes for unavailable", () => {
    const sampler = new RuntimeSampler({
      ...stripped,
      memoryUsage: () => ({ rss: 0 }),
      system: { source: "test", read: () => ({ total: NaN, available: -1 }) },
    });
    const info = sampler.sample();
    assert.deepEqual([info.processRss, info.systemTotal, info.systemAvailable], [
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("the engine's figures", () => {
  it("come from process.memoryUsage() where V8's statistics are not to be had", () => {
    const engine = openEngine({
      memoryUsage: () => ({ rss: 1, heapTotal: 20, heapUsed: 10, external: 5 }),
    });
    const into = {};
    engine.read(into);
    assert.deepEqual(into, { processRss: 1, runtimeTotal: 25, heapUsed: 10 });
    assert.equal(engine.rss!.source, "process.memoryUsage()");
    assert.match(engine.signals.heapLimit.reason!, /no limit/);
  });

  it("of this runtime are plausible", () => {
    const into: { runtimeTotal?: number; heapUsed?: number; heapLimit?: number } = {};
    openEngine(thisEngine).read(into);
    assert.ok(into.runtimeTotal! > 0 && into.heapUsed! > 0);
    if (into.heapLimit !== undefined) assert.ok(into.heapLimit > into.heapUsed!);
  });
});
