import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { healthReport, LoadShedder, type RequestLike, type ShedRules } from "../../http.ts";
import { MemInfo, MiB } from "../../mod.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";

/** A shedder that rejects every request, and whose sampler fails when told to. */
function breakable({ used = 500, ...options }: ShedRules<RequestLike> & { used?: number } = {}) {
  const clock = new ManualClock();
  const faults: unknown[] = [];
  const sampler = new ScenarioSampler(clock, [{ at: 0 }]);
  sampler.sample = () => {
    if (faults.length > 0) throw faults[0];
    return new MemInfo({ at: 0, cgroupLimit: 500 * MiB, cgroupCurrent: used * MiB });
  };
  const shedder = new LoadShedder<RequestLike>({
    sampler,
    clock,
    collect: false,
    trial: false,
    ...options,
  });
  return {
    shedder,
    clock,
    /** Samples; `fault` is what the sampler throws. */
    sample(...fault: unknown[]) {
      faults.splice(0, 1, ...fault);
      clock.tick(1_000);
      shedder.refresh();
    },
  };
}

function fail(message: string): () => never {
  return () => {
    throw new Error(message);
  };
}

describe("the error of a load shedder", () => {
  it("is that of sampling before that of a hook", () => {
    const { shedder, sample } = breakable({ onRejected: fail("hook") });
    assert.equal(shedder.error, undefined);
    shedder.admit({ url: "/" });
    assert.match(String(shedder.error), /hook/);
    sample(new Error("out of reach"));
    assert.match(String(shedder.error), /out of reach/);
  });

  it("is that of the hook again once sampling works again", () => {
    const { shedder, sample } = breakable({ onRejected: fail("hook") });
    shedder.admit({ url: "/" });
    sample(new Error("out of reach"));
    sample();
    assert.match(String(shedder.error), /hook/);
  });

  it("is in the report of a readiness check even if it cannot be shown", () => {
    const { shedder, sample } = breakable();
    sample(Object.create(null));
    assert.equal(healthReport(shedder).error, "an object that cannot be shown");
  });

  it("is none once sampling works again and no hook failed", () => {
    const told: unknown[] = [];
    const { shedder, sample } = breakable({ onError: (error) => void told.push(error) });
    const fault = new Error("out of reach");
    sample(fault);
    assert.deepEqual(told, [fault]);
    sample();
    assert.equal(shedder.error, undefined);
    assert.ok(!("error" in healthReport(shedder)));
  });

  it("of a hook does not keep a health check from passing", () => {
    const { shedder, clock } = breakable({
      used: 1,
      leaseTimeout: 10,
      onExpired: fail("hook"),
    });
    shedder.admit({ url: "/" });
    clock.tick(10);
    assert.deepEqual([healthReport(shedder).status, healthReport(shedder).error], [
      "pass",
      "Error: hook",
    ]);
  });

  it("is one of its own where the sampler gives no reason", () => {
    const { shedder, sample } = breakable();
    sample(undefined);
    assert.match(String(shedder.error), /^Error: Cannot sample: the sampler gave no reason$/);
  });

  for (const given of [undefined, null, {}, "x"]) {
    it(`is that the sampler gave ${JSON.stringify(given)} and no snapshot`, () => {
      const clock = new ManualClock();
      const sampler = new ScenarioSampler(clock, [{ at: 0 }]);
      sampler.sample = () => given as never;
      const told: unknown[] = [];
      const onError = (error: unknown) => void told.push(error);
      const shedder = new LoadShedder<RequestLike>({ sampler, clock, onError });
      assert.ok(shedder.admit({ url: "/" }).admitted);
      assert.ok(shedder.error instanceof TypeError);
      assert.deepEqual(told, [shedder.error]);
      assert.equal(shedder.refresh(), undefined);
      assert.equal(healthReport(shedder).status, "warn");
    });
  }

  it("is that of onError if it fails when it is told of sampling", async () => {
    for (
      const onError of [fail("told"), () => Promise.reject(new Error("told")) as never]
    ) {
      const { shedder, sample } = breakable({ onError });
      sample(new Error("out of reach"));
      assert.match(String(shedder.error), /out of reach/);
      sample();
      await Promise.resolve();
      assert.match(String(shedder.error), /told/);
    }
  });
});
