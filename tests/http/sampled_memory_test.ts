import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LoadShedder, type Sampler } from "../../http.ts";
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
    const shedder = new LoadShedder({ sampler, clock, collect: false });
    const request = new Request("http://x/");
    assert.equal(outcome(shedder.admit(request)), true, "before the first sample");
    answer(new MemInfo({ ...LIMIT, ...left(1) }));
    await clock.tickAsync(0);
    assert.equal(outcome(shedder.admit(request)), "headroom");
    clock.tick(10);
    shedder.admit(request);
    fail(new Error("no more"));
    await clock.tickAsync(0);
    assert.throws(() => shedder.admit(request), /no more/);
  });
});
