import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LoadShedder, type ShedRules } from "../../http.ts";
import { MemInfo, MiB } from "../../mod.ts";
import { left, outcome, settable } from "../support/scripted_shedder.ts";

describe("sizes of a shedder", () => {
  const decide = (options: ShedRules, headroom: number) => {
    const { clock, memory, sampler } = settable(100);
    const shedder = new LoadShedder({ ...options, sampler, clock, collect: false, trial: false });
    const outcomes = [100, headroom].map((mib) => {
      Object.assign(memory, left(mib));
      clock.tick(10);
      return outcome(shedder.admit({}));
    });
    return outcomes[1];
  };

  it("takes a share of the limit that must be left", () => {
    assert.equal(decide({ headroom: "10%" }, 50), true);
    assert.equal(decide({ headroom: "10%" }, 49.9), "headroom");
    assert.equal(decide({ headroom: { enter: "5%", exit: "6%" } }, 26), true);
    assert.equal(decide({ headroom: { enter: "5%", exit: "6%" } }, 24), "headroom");
  });

  it("leaves a share at 1.5 times as much, and at the whole limit at most", () => {
    const { clock, memory, sampler } = settable(40);
    const scenario = (headroom: ShedRules["headroom"], left_: number[]) => {
      const shedder = new LoadShedder({ headroom, sampler, clock, collect: false, trial: false });
      return left_.map((mib) => {
        Object.assign(memory, left(mib));
        clock.tick(10);
        return outcome(shedder.admit({}));
      });
    };
    assert.deepEqual(scenario("10%", [49, 75, 75.1]), ["headroom", "headroom", true]);
    assert.deepEqual(scenario(50 * MiB, [49, 75, 75.1]), ["headroom", "headroom", true]);
    // 1.5 times 80 % would be above what there can be.
    assert.deepEqual(scenario("80%", [399, 499]), ["headroom", "headroom"]);
    assert.deepEqual(scenario("100%", [500, 499]), [true, "headroom"]);
  });

  it("takes a share of the limit that the process may use", () => {
    // The process holds 50 of 500 MiB.
    assert.equal(decide({ maxRss: "10%" }, 100), true);
    assert.equal(decide({ maxRss: "9.9%" }, 100), "rss");
    const { clock, sampler } = settable(100);
    sampler.sample = () => new MemInfo({ systemTotal: 400 * MiB, processRss: 50 * MiB });
    const host = new LoadShedder({ maxRss: "12%", sampler, clock, collect: false });
    assert.equal(outcome(host.admit({})), "rss", "a share of host memory without a limit");
    sampler.sample = () => new MemInfo({ processRss: 50 * MiB });
    const unknown = new LoadShedder({ maxRss: "1%", sampler, clock, collect: false });
    assert.equal(outcome(unknown.admit({})), true, "a share of an unknown whole");
  });
});
