import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemInfo } from "../../mod.ts";
import { levels, trend } from "../../policy.ts";

const left = (headroom: number) => new MemInfo({ at: 0, systemAvailable: headroom });

describe("the thresholds of levels()", () => {
  it("hold for the first sample, with any number of consecutive samples", () => {
    const level = levels({ low: { enter: 10, exit: 20 } }, { sustain: 2 });
    assert.deepEqual([5, 25, 25].map((n) => level(left(n))), ["low", "low", "normal"]);
    const fresh = levels({ low: { enter: 10, exit: 20 } }, { sustain: 2 });
    assert.equal(fresh(left(15)), "normal");
  });

  it("are shares of host memory where there is no limit", () => {
    const level = levels({ low: { enter: "50%", exit: "50%" } });
    const info = (systemAvailable: number) =>
      new MemInfo({ cgroupLimit: Infinity, systemTotal: 100, systemAvailable });
    assert.deepEqual([info(49), info(51)].map(level), ["low", "normal"]);
  });

  it("may have a digit in their level's name", () => {
    assert.equal(levels({ level2: { enter: 10, exit: 20 } })(left(5)), "level2");
    assert.equal(levels({ "2nd": { enter: 10, exit: 20 } })(left(5)), "2nd");
  });
});

describe("the window of trend()", () => {
  it("is refused by name, rule and value", () => {
    for (const samples of [2, 1_001, 2.5]) {
      assert.throws(() => trend({ samples }), {
        name: "RangeError",
        message: new RegExp(`'samples'.* from 3 to 1000: current value is ${samples}$`),
      });
    }
  });

  it("has no end where headroom stays at 0", () => {
    const follow = trend();
    let last;
    for (let i = 0; i < 4; i++) last = follow(new MemInfo({ at: i, systemAvailable: 0 }));
    assert.deepEqual(last, { bytesPerSecond: 0, secondsLeft: Infinity });
  });

  it("is not disturbed by a sample without headroom", () => {
    const follow = trend();
    const at = (at: number, systemAvailable?: number) =>
      follow(new MemInfo({ at, systemAvailable }));
    at(0, 300);
    at(1_000, 200);
    assert.equal(at(1_500), undefined);
    assert.equal(at(2_000, 100)?.bytesPerSecond, 100);
  });
});
