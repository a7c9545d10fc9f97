import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { healthReport, LoadShedder, type RequestLike, type Sampler } from "../../http.ts";
import { MemInfo } from "../../mod.ts";
import { ManualClock, StorySampler } from "../../testing.ts";
import { left, LIMIT, outcome, scripted } from "../support/scripted_shedder.ts";

describe("samples that decide", () => {
  it("takes a sample only when the last one is too old", () => {
    const { clock, sampler, shedder } = scripted({ 0: 200 }, { maxAge: 20 });
    for (let i = 0; i < 100; i++) shedder.admit({});
    assert.equal(sampler.samples, 1);
    clock.tick(19);
    shedder.admit({});
    assert.equal(sampler.samples, 1);
    clock.tick(1);
    shedder.admit({});
    assert.equal(sampler.samples, 2);
  });

  it("follows a sampler that takes its time", async () => {
    const clock = new ManualClock();
    let answer: (info: MemInfo) => void = () => {};
    let fail: (reason: unknown) => void = () => {};
    const sampler: Sampler = {
      signals: new StorySampler(clock, [{ at: 0 }]).signals,
      sample: () =>
        new Promise((resolve, reject) => {
          answer = resolve;
          fail = reject;
        }),
      close() {},
      [Symbol.dispose]() {},
    };
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    const shedder = new LoadShedder({ sampler, clock, collect: false, onError });
    const request = new Request("http://x/");
    assert.equal(outcome(shedder.admit(request)), true, "before the first sample");
    answer(new MemInfo({ ...LIMIT, ...left(1) }));
    await clock.tickAsync(0);
    assert.equal(outcome(shedder.admit(request)), "headroom");
    clock.tick(10);
    shedder.admit(request);
    fail(new Error("no more"));
    await clock.tickAsync(0);
    assert.equal(outcome(shedder.admit(request)), true, "what is not known keeps nobody out");
    assert.deepEqual(errors.map(String), ["Error: no more"]);

    clock.tick(6_000);
    shedder.admit(request);
    assert.match(String(errors.at(-1)), /no more|no answer in 5000 ms/);
  });

  it("admits everything while the sampler fails, and tells that once", () => {
    const { clock, sampler } = scripted({ 0: 1 });
    const errors: unknown[] = [];
    const good = sampler.sample.bind(sampler);
    const shedder = new LoadShedder<RequestLike>({
      sampler,
      clock,
      collect: false,
      onError: (error) => {
        errors.push(error);
        throw new Error("a hook's own error is harmless");
      },
    });
    assert.equal(outcome(shedder.admit({})), "headroom");
    for (const bad of [() => assert.fail("broken"), () => undefined, () => null]) {
      sampler.sample = bad as never;
      clock.tick(10);
      assert.equal(outcome(shedder.admit({})), true);
      clock.tick(10);
      assert.equal(outcome(shedder.admit({})), true);
      const { status, error } = healthReport(shedder);
      assert.equal(status, "warn");
      assert.match(error!, /Error/);
      sampler.sample = good;
      clock.tick(10);
      assert.equal(outcome(shedder.admit({})), "headroom");
    }
    assert.equal(errors.length, 3);
  });

  it("does not wait for ever for a sample that never comes", () => {
    const { clock, sampler } = scripted({ 0: 1 });
    const shedder = new LoadShedder<RequestLike>({ sampler, clock, collect: false, trial: false });
    assert.equal(outcome(shedder.admit({})), "headroom");
    sampler.sample = () => new Promise(() => {}) as never;
    clock.tick(10);
    assert.equal(outcome(shedder.admit({})), "headroom");
    clock.tick(5_000);
    assert.equal(outcome(shedder.admit({})), true);
    assert.match(healthReport(shedder).error!, /no answer in 5000 ms/);
  });

  it("samples after the clock was set back", () => {
    const { clock, sampler, shedder } = scripted({ 0: 400 });
    let offset = 3_600_000;
    const { now } = clock;
    clock.now = () => now.call(clock) + offset;
    shedder.admit({});
    offset = 0;
    shedder.admit({});
    shedder.admit({});
    assert.equal(sampler.samples, 2);
  });
});
