import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LoadShedder, type Pass, type RequestLike } from "../../http.ts";
import { MemInfo, MiB } from "../../mod.ts";
import { ManualClock, StorySampler } from "../../testing.ts";
import { LIMIT, outcome, scripted } from "../support/scripted_shedder.ts";

describe("garbage collection before a refusal", () => {
  it("collects what answered requests left, when nothing else would", () => {
    let collections = 0;
    let current = 100;
    const clock = new ManualClock();
    const sampler = new StorySampler(clock, [{ at: 0, ...LIMIT, cgroupCurrent: 0 }]);
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
    const sampler = new StorySampler(clock, [{ at: 0 }]);
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
    assert.equal(collections, 0);
  });
});
