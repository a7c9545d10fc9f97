import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemInfo } from "../../mod.ts";
import { trend } from "../../policy.ts";
import { type BadOption, refusesBadOptions } from "../support/bad_options.ts";
import { counted } from "../support/counted_options.ts";

describe("trend()", () => {
  const at = (second: number, headroom: number | undefined) =>
    new MemInfo({ at: second * 1_000, systemAvailable: headroom });

  it("is the rate of loss and the time that is left", () => {
    const follow = trend();
    assert.equal(follow(at(0, 1_000)), undefined);
    assert.equal(follow(at(1, 990)), undefined);
    assert.deepEqual(follow(at(2, 980)), { bytesPerSecond: 10, secondsLeft: 98 });
  });

  it("is not turned by a spike", () => {
    const follow = trend();
    let last;
    for (let i = 0; i < 20; i++) last = follow(at(i, i === 10 ? 5 : 10_000 - 100 * i));
    assert.equal(last?.bytesPerSecond, 100);
  });

  it("has no end while headroom grows or stays", () => {
    const follow = trend();
    for (let i = 0; i < 5; i++) follow(at(i, 100 + i));
    assert.deepEqual(follow(at(5, 105)), { bytesPerSecond: -1, secondsLeft: Infinity });
    const flat = trend();
    for (let i = 0; i < 5; i++) flat(at(i, 100));
    assert.deepEqual(flat(at(5, 100)), { bytesPerSecond: 0, secondsLeft: Infinity });
  });

  it("forgets what is long past, and starts over when the clock is set back", () => {
    const follow = trend({ samples: 3 });
    for (let i = 0; i < 5; i++) follow(at(i, 1_000));
    for (let i = 5; i < 8; i++) follow(at(i, 1_000 - 10 * i));
    assert.equal(follow(at(8, 920))?.bytesPerSecond, 10);
    assert.equal(follow(at(0, 900)), undefined);
  });

  it("passes over unknown headroom and samples of the same millisecond", () => {
    const follow = trend();
    assert.equal(follow(at(0, undefined)), undefined);
    for (let i = 0; i < 4; i++) assert.equal(follow(at(1, 100)), undefined);
  });

  it("is the exact median over all pairs of the window, at each step", () => {
    const random = randomNumbers(7);
    for (const samples of [3, 4, 17, 40]) {
      const follow = trend({ samples });
      let seen: { at: number; headroom: number }[] = [];
      let time = 0;
      for (let i = 0; i < 5 * samples; i++) {
        // Some of the same millisecond, some of the same headroom, and one set-back clock.
        time += i === 3 * samples ? -50 : Math.floor(random() * 4);
        const headroom = Math.floor(random() * 10) * 1_000;
        if ((seen.at(-1)?.at ?? 0) > time) seen = [];
        seen.push({ at: time, headroom });
        seen = seen.slice(-samples);
        const slope = medianOfPairs(seen);
        const expected = seen.length < 3 || slope === undefined ? undefined : -slope * 1_000 || 0;
        const found = follow(new MemInfo({ at: time, systemAvailable: headroom }));
        assert.equal(found?.bytesPerSecond, expected, `${samples} samples, step ${i}`);
      }
    }
  });

  it("sorts only the slopes that come and go, not those of all pairs", () => {
    const samples = 100;
    const follow = trend({ samples });
    const random = randomNumbers(3);
    const next = (i: number) => follow(at(i, Math.floor(random() * 1e6)));
    for (let i = 0; i < samples; i++) next(i);
    let sorted = 0;
    const restore = [Array.prototype, Float64Array.prototype].map((prototype) => {
      const { sort } = prototype;
      prototype.sort = function (this: never[], ...args: never[]) {
        sorted += this.length;
        return (sort as () => never).apply(this, args as never);
      };
      return () => void (prototype.sort = sort as never);
    });
    try {
      next(samples);
    } finally {
      for (const undo of restore) undo();
    }
    assert.ok(sorted > 0 && sorted <= 2 * samples, `${sorted} numbers sorted`);
  });

  it("fits 3 to 1,000 samples", () => {
    for (const samples of [3, 1_000]) {
      const follow = trend({ samples });
      let last;
      for (let i = 0; i < 1_010; i++) last = follow(at(i, 1e6 - 10 * i));
      assert.equal(last?.bytesPerSecond, 10);
    }
  });

  it("reads its option once", () => {
    const { options, reads } = counted({ samples: 3 });
    const follow = trend(options);
    for (let i = 0; i < 5; i++) follow(at(i, 1_000));
    assert.deepEqual([...reads], [["samples", 1]]);
  });

  refusesBadOptions((options: object) => trend(options), [
    ["5", 5 as never, TypeError, /^'options' must be an object: current value is 5$/],
    ...[0, 2, 2.5, NaN, 1_001].map((samples): BadOption<object> => [
      `samples ${samples}`,
      { samples },
      RangeError,
      new RegExp(`^'samples' must be a whole number from 3 to 1000: current value is ${samples}$`),
    ]),
  ]);
});

/** Numbers from 0 to 1 that are the same each time (Park and Miller). */
function randomNumbers(seed: number): () => number {
  return () => (seed = seed * 48_271 % 2_147_483_647) / 2_147_483_647;
}

function medianOfPairs(points: { at: number; headroom: number }[]): number | undefined {
  const slopes = points.flatMap((a, i) =>
    points.slice(i + 1).filter((b) => b.at > a.at)
      .map((b) => (b.headroom - a.headroom) / (b.at - a.at))
  ).sort((a, b) => a - b);
  const middle = Math.floor(slopes.length / 2);
  if (slopes.length === 0) return undefined;
  return slopes.length % 2 === 1 ? slopes[middle] : (slopes[middle - 1]! + slopes[middle]!) / 2;
}
