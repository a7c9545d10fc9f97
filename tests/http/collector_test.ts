import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LoadShedder, type Pass, type RequestLike, type ShedRules } from "../../http.ts";
import { MemInfo, MiB } from "../../mod.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";
import { LIMIT, outcome, scripted } from "../support/scripted_shedder.ts";

/** A shedder whose collections are counted; the first `helpful` ones free everything. */
function collecting(used: number, helpful: number, options: ShedRules<RequestLike> = {}) {
  const clock = new ManualClock();
  const sampler = new ScenarioSampler(clock, [{ at: 0 }]);
  const memory = { used, collections: 0 };
  sampler.sample = () => new MemInfo({ ...LIMIT, cgroupCurrent: memory.used * MiB });
  const gc = () => {
    if (++memory.collections <= helpful) memory.used = 0;
  };
  const shedder = new LoadShedder<RequestLike>({ sampler, clock, gc, ...options });
  return { clock, memory, shedder };
}

describe("garbage collection before a rejection", () => {
  it("admits the request if it helped", () => {
    const { memory, shedder } = collecting(490, 1, { trial: false });
    assert.equal(outcome(shedder.admit({})), true);
    assert.equal(memory.collections, 1);
  });

  it("makes no trial of the request that it helped", () => {
    const { clock, memory, shedder } = collecting(499, 1);
    clock.tick(1_000);
    shedder.admit({ url: "/hangs" });
    assert.equal(memory.used, 0);
    memory.used = 499;
    clock.tick(999);
    assert.equal(outcome(shedder.admit({})), "headroom");
    clock.tick(1);
    // Trials that hang double the wait where so little is left.
    assert.equal(outcome(shedder.admit({})), true);
  });

  it("asks once for the priority of a request where nothing was collected", () => {
    let asked = 0;
    const { shedder } = scripted({ 0: 90 }, {
      levels: { low: { enter: 100 * MiB, exit: 150 * MiB, priority: 1 } },
      priority: () => asked++ * 0,
    });
    assert.equal(outcome(shedder.admit({})), "priority");
    assert.equal(asked, 1);
  });

  it("comes once a second while no request is in flight, and else up to ten times less", () => {
    const during = (hanging: number) => {
      const { clock, memory, shedder } = collecting(0, 0, { trial: false });
      for (let i = 0; i < hanging; i++) shedder.admit({});
      memory.used = 490;
      for (let i = 0; i < 12_000; i++) {
        clock.tick(10);
        shedder.admit({});
      }
      return memory.collections;
    };
    const [idle, busy] = [during(0), during(1)];
    assert.ok(idle >= 115 && idle <= 130, `${idle} in two minutes`);
    assert.ok(busy >= 12 && busy <= 25, `${busy} in two minutes`);
  });

  it("collects what answered requests left, when nothing else would", () => {
    let collections = 0;
    let current = 100;
    const clock = new ManualClock();
    const sampler = new ScenarioSampler(clock, [{ at: 0, ...LIMIT, cgroupCurrent: 0 }]);
    sampler.sample = () => new MemInfo({ ...LIMIT, cgroupCurrent: current * MiB });
    const shedder = new LoadShedder({
      sampler,
      clock,
      headroom: 64 * MiB,
      gc: () => {
        collections++;
        if (collections === 1) current = 100;
      },
    });
    const request = new Request("http://x/");
    const flight = shedder.admit(request) as Pass;
    current = 490;
    clock.tick(11_000);
    // Once although nothing was answered: what is garbage may be of others.
    assert.equal(outcome(shedder.admit(request)), true);
    assert.equal(collections, 1);

    // Live data: no collection has an effect, however many requests are answered meanwhile.
    flight.release();
    current = 490;
    shedder.admit(request);
    const start = collections;
    for (let i = 0; i < 6_000; i++) {
      clock.tick(10);
      shedder.admit(request);
    }
    assert.ok(collections - start <= 61, `${collections - start} in a minute while idle`);
  });

  it("collects less and less often while collections free nothing, until usage moves", () => {
    let collections = 0;
    const clock = new ManualClock();
    const sampler = new ScenarioSampler(clock, [{ at: 0 }]);
    let current = 460;
    sampler.sample = () =>
      new MemInfo({ ...LIMIT, cgroupCurrent: current * MiB, processRss: 300 * MiB });
    const shedder = new LoadShedder<RequestLike>({
      sampler,
      clock,
      levels: { low: { enter: 64 * MiB, exit: 96 * MiB, inFlight: 1 } },
      gc: () => {
        collections++;
      },
    });
    const during = (milliseconds: number) => {
      const before = collections;
      for (let i = 0; i < milliseconds; i += 10) {
        clock.tick(10);
        const [served] = [shedder.admit({}), shedder.admit({})];
        // Usage of a busy server is never quite the same.
        current += i % 20 === 0 ? 2 : -2;
        if (served.admitted) served.release();
      }
      return collections - before;
    };
    during(1_000);
    const seldom = during(60_000);
    assert.ok(seldom <= 12, `${seldom} collections in a minute`);
    current += 20;
    assert.ok(during(100) >= 1, "usage has moved");
  });

  it("survives a function that fails to collect", () => {
    const errors: unknown[] = [];
    const { shedder } = scripted({ 0: 1 }, {
      collect: true,
      gc: () => {
        throw new Error("no");
      },
      onError: (error) => void errors.push(String(error)),
    });
    for (let i = 0; i < 3; i++) assert.equal(outcome(shedder.admit({})), "headroom");
    assert.deepEqual(errors, ["Error: no"]);
  });

  it("does not collect for a cap of the user's, nor when told not to", () => {
    let collections = 0;
    const gc = () => collections++;
    const capped = scripted({ 0: 400 }, { inFlight: 0, collect: true, gc }).shedder;
    assert.equal(outcome(capped.admit({})), "inFlight");
    const told = scripted({ 0: 1 }, { collect: false, gc }).shedder;
    assert.equal(outcome(told.admit({})), "headroom");
    const full = scripted({ 0: 90 }, {
      levels: { low: { enter: 100 * MiB, exit: 150 * MiB, priority: -1 } },
      inFlight: 1,
      collect: true,
      gc,
    }).shedder;
    const outcomes = [full.admit({}), full.admit({})].map(outcome);
    assert.deepEqual(outcomes, [true, "inFlight"], "full although memory is short as well");
    assert.equal(collections, 0);
  });
});
