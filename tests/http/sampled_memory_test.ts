import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  healthReport,
  LoadShedder,
  type RequestLike,
  type Sampler,
  type ShedRules,
} from "../../http.ts";
import { MemInfo, MiB } from "../../mod.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";
import { left, LIMIT, outcome, scripted } from "../support/scripted_shedder.ts";

/** A shedder whose sampler answers when the test says. */
function slow(options: ShedRules = {}) {
  const clock = new ManualClock();
  const answers: {
    resolve: (info: MemInfo) => void;
    reject: (reason: unknown) => void;
  }[] = [];
  const sampler: Sampler = {
    signals: new ScenarioSampler(clock, [{ at: 0 }]).signals,
    sample: () => new Promise((resolve, reject) => answers.push({ resolve, reject })),
    close() {},
    [Symbol.dispose]() {},
  };
  const shedder = new LoadShedder({ sampler, clock, collect: false, ...options });
  return { clock, answers, shedder };
}

describe("samples that decide", () => {
  it("takes a sample only when the last one is too old", () => {
    const { clock, sampler, shedder } = scripted({ 0: 200 }, { maxAge: 20 });
    clock.tick(5_000);
    for (let i = 0; i < 100; i++) {
      shedder.admit({});
      shedder.refresh();
    }
    assert.equal(sampler.samples, 1);
    clock.tick(19);
    shedder.admit({});
    assert.equal(sampler.samples, 1);
    clock.tick(1);
    shedder.admit({});
    assert.equal(sampler.samples, 2);
  });

  it("follows a sampler that takes its time", async () => {
    const errors: unknown[] = [];
    const { clock, answers, shedder } = slow({ onError: (error) => void errors.push(error) });
    const request = new Request("http://x/");
    assert.equal(outcome(shedder.admit(request)), true, "before the first sample");
    answers.at(-1)!.resolve(new MemInfo({ ...LIMIT, ...left(1) }));
    await clock.tickAsync(0);
    assert.equal(outcome(shedder.admit(request)), "headroom");
    clock.tick(10);
    shedder.admit(request);
    answers.at(-1)!.reject(new Error("no more"));
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
    clock.tick(10_000);
    assert.equal(outcome(shedder.admit({})), "headroom");
    clock.tick(4_999);
    assert.equal(outcome(shedder.admit({})), "headroom");
    assert.equal(shedder.error, undefined);
    clock.tick(1);
    assert.equal(outcome(shedder.admit({})), true);
    assert.match(healthReport(shedder).error!, /no answer in 5000 ms/);
  });

  it("ignores a sample that comes after it was given up", async () => {
    const { clock, answers, shedder } = slow();
    shedder.refresh();
    clock.tick(5_000);
    shedder.refresh();
    assert.equal(answers.length, 2, "a new one was asked for");
    answers[0]!.resolve(new MemInfo({ ...LIMIT, ...left(1) }));
    await clock.tickAsync(0);
    assert.equal(shedder.refresh(), undefined);
    assert.match(String(shedder.error), /no answer/);
    answers[1]!.resolve(new MemInfo({ ...LIMIT, ...left(300) }));
    await clock.tickAsync(0);
    assert.equal(shedder.refresh()!.headroom(), 300 * MiB);
    assert.equal(shedder.error, undefined);
  });

  for (const end of ["resolve", "reject"] as const) {
    it(`ignores a sample that comes after it was closed (${end})`, async () => {
      const told: unknown[] = [];
      const { clock, answers, shedder } = slow({ onError: (error) => void told.push(error) });
      shedder.refresh();
      shedder.close();
      if (end === "resolve") answers[0]!.resolve(new MemInfo({ ...LIMIT, ...left(1) }));
      else answers[0]!.reject(new Error("closed"));
      await clock.tickAsync(0);
      assert.equal(shedder.refresh(), undefined);
      assert.deepEqual([shedder.level, shedder.error, told], ["normal", undefined, []]);
      assert.equal(healthReport(shedder).status, "pass");
    });
  }

  it("have failed no longer once it is closed", () => {
    const { clock, sampler } = scripted({ 0: 1 });
    sampler.sample = () => assert.fail("broken");
    const shedder = new LoadShedder({ sampler, clock });
    shedder.refresh();
    assert.match(String(shedder.error), /broken/);
    assert.equal(healthReport(shedder).status, "warn");
    shedder.close();
    assert.equal(shedder.error, undefined);
    assert.equal(healthReport(shedder).status, "pass");
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
