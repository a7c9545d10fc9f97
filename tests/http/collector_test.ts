import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LoadShedder, type Pass } from "../../http.ts";
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

    current = 490;
    const collected = (milliseconds: number) => {
      const before = collections;
      for (let i = 0; i < milliseconds; i += 10) {
        clock.tick(10);
        assert.equal(outcome(shedder.admit(request)), "headroom");
      }
      return collections - before;
    };
    // Twice as seldom each time: after 50, 100, 200, 400, 800 ms …
    assert.equal(collected(1_000), 4, "nothing was answered since");
    assert.ok(collected(60_000) < 12, "no storm");
    flight.release();
    assert.equal(collected(10), 1, "at once");
    assert.equal(collected(10), 0);
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
