import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Pass, RequestLike, ShedRules } from "../../http.ts";
import { LoadShedder } from "../../http.ts";
import { MemInfo, type MemInfoInit, MiB } from "../../mod.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";
import { LIMIT, outcome, scripted } from "../support/scripted_shedder.ts";

const HOUR = 3_600_000;

/** A shedder whose memory the test sets at any time. */
function settable(init: MemInfoInit, options: ShedRules<RequestLike> = {}): {
  clock: ManualClock;
  memory: MemInfoInit;
  shedder: LoadShedder<RequestLike>;
  admit(): true | string;
} {
  const clock = new ManualClock();
  const memory = { ...LIMIT, ...init };
  const sampler = new ScenarioSampler(clock, [{ at: 0 }]);
  sampler.sample = () => new MemInfo(memory);
  const shedder = new LoadShedder<RequestLike>({ sampler, clock, collect: false, ...options });
  return { clock, memory, shedder, admit: () => outcome(shedder.admit({})) };
}

describe("trial admission", () => {
  it("admits one request when nothing was admitted for a second", () => {
    const { clock, shedder } = scripted({ 0: 400, 100: 60 }, { headroom: 64 * MiB });
    const off = scripted({ 0: 60 }, { headroom: 64 * MiB, trial: false });
    (shedder.admit({}) as Pass).release();
    clock.tick(999);
    assert.equal(outcome(shedder.admit({})), "headroom");
    clock.tick(1);
    assert.equal(outcome(shedder.admit({})), true);
    assert.equal(outcome(shedder.admit({})), "headroom");
    off.clock.tick(HOUR);
    assert.equal(outcome(off.shedder.admit({})), "headroom");
  });

  it("does not need an idle process", () => {
    const { clock, shedder } = scripted({ 0: 400, 100: 60 }, { headroom: 64 * MiB });
    shedder.admit({ url: "/stream" });
    clock.tick(1_000);
    assert.equal(outcome(shedder.admit({})), true);
  });

  for (const limit of [112, 128, 300, 4_096]) {
    it(`admits one request a second at 97 % of ${limit} MiB, or at any other use`, () => {
      for (const left of [0, 1, 0.03 * limit]) {
        const { clock, shedder } = settable({
          cgroupLimit: limit * MiB,
          cgroupCurrent: (limit - left) * MiB,
        });
        let admitted = 0;
        for (let i = 0; i < 1_000; i++) {
          clock.tick(10);
          const admission = shedder.admit({});
          if (admission.admitted) admitted++, admission.release();
        }
        if (limit < 512) assert.equal(admitted, 10, `${left} MiB left`);
        else assert.ok(admitted >= 10, `${left} MiB left`);
      }
    });
  }

  it("admits more while trials come back and usage does not grow", () => {
    const { clock, shedder } = settable({ cgroupCurrent: 440 * MiB }, { headroom: 64 * MiB });
    clock.tick(1_000);
    const waves: number[] = [];
    for (let i = 0; i < 4; i++) {
      clock.tick(10);
      const wave = Array.from({ length: 20 }, () => shedder.admit({}));
      waves.push(wave.filter(({ admitted }) => admitted).length);
      for (const admission of wave) if (admission.admitted) admission.release();
    }
    // Half of 60 MiB is enough for three of 8 MiB.
    assert.deepEqual(waves, [1, 2, 3, 3]);
  });

  it("samples at once when a trial has come back, and else by maxAge", () => {
    const { clock, sampler, shedder } = scripted({ 0: 60 }, { headroom: 64 * MiB, maxAge: 1_000 });
    clock.tick(1_000);
    const trial = shedder.admit({}) as Pass;
    for (let i = 0; i < 5; i++) assert.equal(outcome(shedder.admit({})), "headroom");
    assert.equal(sampler.samples, 1);
    trial.release();
    const wave = [shedder.admit({}), shedder.admit({}), shedder.admit({})];
    assert.deepEqual(wave.map(outcome), [true, true, "headroom"]);
    assert.equal(sampler.samples, 2);
  });

  it("exceeds what a level or reserved memory caps by one a second", () => {
    const { clock, shedder } = settable({ cgroupCurrent: 440 * MiB }, {
      levels: { low: { enter: 64 * MiB, exit: 96 * MiB, inFlight: 1 } },
    });
    assert.equal(outcome(shedder.admit({ url: "/hangs" })), true);
    const times: number[] = [];
    for (let i = 1; i <= 40; i++) {
      clock.tick(100);
      const admission = shedder.admit({});
      if (!admission.admitted) continue;
      times.push(i);
      admission.release();
    }
    assert.deepEqual(times, [10, 20, 30, 40]);
  });

  it("goes back to one a second while usage grows", () => {
    const { clock, memory, shedder } = settable({ cgroupCurrent: 440 * MiB }, {
      headroom: 64 * MiB,
    });
    clock.tick(1_000);
    let admitted = 0;
    for (let i = 0; i < 500; i++) {
      const admission = shedder.admit({});
      clock.tick(10);
      if (!admission.admitted) continue;
      admitted++;
      memory.cgroupCurrent! += 8 * MiB;
      admission.release();
    }
    assert.ok(admitted >= 5 && admitted <= 6, `${admitted} in five seconds`);
  });

  it("is not ended by trials that hang, but where little is left they make it rare", () => {
    const roomy = settable({ cgroupCurrent: 440 * MiB }, { headroom: 64 * MiB });
    const full = settable({ cgroupCurrent: 499 * MiB }, { headroom: 64 * MiB });
    const times = ({ clock, admit }: typeof full) => {
      const seen: number[] = [];
      for (let second = 1; second <= 40; second++) {
        clock.tick(1_000);
        if (admit() === true) seen.push(second);
      }
      return seen;
    };
    assert.equal(times(roomy).length, 40);
    assert.deepEqual(times(full), [1, 3, 7, 15, 31]);
  });

  it("tries again after any reason that is memory's", () => {
    const figures = { cgroupCurrent: 100 * MiB, processRss: 90, heapUsed: 60, heapLimit: 100 };
    const reasons: [string, MemInfoInit, ShedRules<RequestLike>][] = [
      ["rss", figures, { maxRss: 80 }],
      ["heapUsed", figures, { maxHeapUsed: 50 }],
      ["rss", { processRss: 90, cgroupLimit: undefined }, { maxRss: 80 }],
      ["headroom", { cgroupCurrent: 450 * MiB }, { perRequest: 100 * MiB }],
      ["headroom", { cgroupCurrent: 499 * MiB }, { perRequest: () => 8 * MiB }],
      ["priority", { cgroupCurrent: 450 * MiB }, {
        levels: { low: { enter: 64 * MiB, exit: 96 * MiB, priority: 1 } },
      }],
      ["inFlight", { cgroupCurrent: 450 * MiB }, {
        levels: { low: { enter: 64 * MiB, exit: 96 * MiB, inFlight: 1 } },
      }],
      ["inFlight", { cgroupCurrent: 300 * MiB }, { perRequest: 100 * MiB }],
    ];
    for (const [reason, memory, options] of reasons) {
      const { clock, admit } = settable(memory, options);
      if (reason === "inFlight") assert.equal(admit(), true, "it takes what there is, and hangs");
      assert.equal(admit(), reason);
      clock.tick(1_000);
      assert.equal(admit(), true, reason);
      assert.equal(admit(), reason, "one at a time");
    }
  });

  it("keeps a cap of the user's, and refuses what a function says is too large", () => {
    const { clock, admit } = settable({ cgroupCurrent: 460 * MiB }, { inFlight: 1 });
    clock.tick(1_000);
    assert.equal(admit(), true);
    clock.tick(100_000);
    assert.equal(admit(), "headroom");
    const large = settable({ cgroupCurrent: 300 * MiB }, { perRequest: () => 300 * MiB });
    large.clock.tick(HOUR);
    assert.equal(large.admit(), "headroom");
  });
});
