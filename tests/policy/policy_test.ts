import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GiB, MemInfo, MiB, watch } from "../../mod.ts";
import {
  adaptiveInterval,
  levels,
  type LevelThresholds,
  linearBudget,
  type LinearBudgetOptions,
  trend,
} from "../../policy.ts";
import { ManualClock, StorySampler } from "../../testing.ts";

const left = (headroom: number | undefined) => new MemInfo({ at: 0, systemAvailable: headroom });

describe("levels()", () => {
  it("is the reference's example: below 512 MiB, above 1 GiB, in between as it was", () => {
    const level = levels({ low: { enter: 512 * MiB, exit: 1 * GiB } });
    const story = [600, 511, 512, 1024, 1025, 600, 511].map((mib) => level(left(mib * MiB)));
    assert.deepEqual(story, ["normal", "low", "low", "low", "normal", "normal", "low"]);
  });

  const two = { low: { enter: 200, exit: 300 }, critical: { enter: 50, exit: 150 } };

  it("escalates at once, over several levels too", () => {
    assert.equal(levels(two)(left(49)), "critical");
  });

  it("eases level by level, as far as headroom allows", () => {
    const level = levels(two);
    const story = [40, 149, 151, 299, 301].map((bytes) => level(left(bytes)));
    assert.deepEqual(story, ["critical", "critical", "low", "low", "normal"]);
    level(left(40));
    assert.equal(level(left(1_000)), "normal");
  });

  it("eases only after so many samples in a row", () => {
    const level = levels(two, { sustain: 3 });
    const story = [100, 400, 400, 250, 400, 400, 400, 100].map((bytes) => level(left(bytes)));
    assert.deepEqual(story, ["low", "low", "low", "low", "low", "low", "normal", "low"]);
  });

  const far = { low: { enter: 500, exit: 1_000 }, critical: { enter: 100, exit: 200 } };

  it("eases each level only after so many consecutive samples above its own exit", () => {
    const level = levels(far, { sustain: 3 });
    const after = [50, 300, 300, 1_100, 600, 1_100, 1_100, 1_100].map((n) => level(left(n)));
    assert.deepEqual(after, [
      "critical",
      "critical",
      "critical",
      "low",
      "low",
      "low",
      "low",
      "normal",
    ]);
  });

  it("eases two levels at once if both have been above their exits for long enough", () => {
    const level = levels(far, { sustain: 3 });
    const after = [50, 1_100, 1_100, 1_100].map((n) => level(left(n)));
    assert.deepEqual(after, ["critical", "critical", "critical", "normal"]);
  });

  it("counts anew after a level was entered again", () => {
    const level = levels(far, { sustain: 2 });
    const after = [50, 1_100, 50, 1_100, 1_100].map((n) => level(left(n)));
    assert.deepEqual(after, ["critical", "critical", "critical", "critical", "normal"]);
  });

  it("does not count a sample without headroom, and goes on counting after it", () => {
    const level = levels(far, { sustain: 2 });
    const after = [50, 1_100, undefined, 1_100].map((n) => level(left(n)));
    assert.deepEqual(after, ["critical", "critical", "critical", "normal"]);
  });

  it("does not flap however headroom swings between the thresholds", () => {
    const level = levels(two);
    let changes = 0;
    let last = level(left(250));
    for (let i = 0; i < 1_000; i++) {
      const next = level(left(i % 2 === 0 ? 201 : 299));
      if (next !== last) changes++;
      last = next;
    }
    assert.equal(changes, 0);
  });

  it("takes fractions of the limit, or of the machine without one", () => {
    const level = levels({ low: { enter: 0.1, exit: 0.2 } });
    assert.equal(level(new MemInfo({ cgroupLimit: 1_000, cgroupCurrent: 901 })), "low");
    assert.equal(level(new MemInfo({ cgroupLimit: 1_000, cgroupCurrent: 799 })), "normal");
    assert.equal(level(new MemInfo({ systemTotal: 1_000, systemAvailable: 99 })), "low");
    assert.equal(level(left(5)), "low", "as it was: the whole is unknown");
  });

  it("takes exactly 1 for the whole limit, and more for bytes", () => {
    const of = (cgroupCurrent: number) => new MemInfo({ cgroupLimit: 1_000, cgroupCurrent });
    const level = levels({ used: { enter: 1, exit: 1 }, half: { enter: 0.5, exit: 1 } });
    assert.deepEqual([of(0), of(1), of(501), of(0)].map(level), ["normal", "used", "half", "half"]);
    const bytes = levels({ low: { enter: 1.5, exit: 1.5 } });
    assert.deepEqual([of(998), of(999)].map(bytes), ["normal", "low"]);
  });

  it("stays as it was while headroom is unknown", () => {
    const level = levels(two);
    level(left(10));
    assert.equal(level(left(undefined)), "critical");
  });

  const bad: [Record<string, LevelThresholds>, RegExp][] = [
    [{}, /at least one level/],
    [
      { low: { enter: 2, exit: 1.5 } },
      /'low.exit' must be at least enter, 2: current value is 1.5/,
    ],
    [{ low: { enter: 0, exit: 5 } }, /'low.enter' must be above 0 and finite: current value is 0/],
    [
      { low: { enter: 5, exit: NaN } },
      /'low.exit' must be above 0 and finite: current value is NaN/,
    ],
    [
      { low: { enter: 0.5, exit: 5 } },
      /'low' must give both thresholds as bytes or both as fractions/,
    ],
    [
      { a: { enter: 5, exit: 6 }, b: { enter: 7, exit: 8 } },
      /'b.enter' must be below that of a, 5/,
    ],
    [
      { a: { enter: 500, exit: 600 }, b: { enter: 0.9, exit: 0.9 } },
      /'b.enter' must be bytes \(above 1\), as that of a, 500, is: current value is 0.9/,
    ],
    [
      { a: { enter: 0.1, exit: 0.2 }, b: { enter: 50, exit: 60 } },
      /'b.enter' must be a fraction \(at most 1\), as that of a, 0.1, is: current value is 50/,
    ],
    [
      { a: { enter: 1, exit: 1 }, b: { enter: 1, exit: 1 } },
      /'b.enter' must be below that of a, 1/,
    ],
    [{ normal: { enter: 5, exit: 6 } }, /must not be "normal", which means .* value is "normal"/],
    [{ low: { enter: 5, exit: 6 }, 2: { enter: 3, exit: 4 } }, /must not be an integer.* "2"/],
    [{ "007": { enter: 3, exit: 4 } }, /must not be an integer.* "007"/],
  ];
  for (const [thresholds, message] of bad) {
    it(`refuses ${JSON.stringify(thresholds)}`, () => {
      assert.throws(() => levels(thresholds), { name: "RangeError", message });
    });
  }

  it("refuses what is no number", () => {
    const thresholds = { low: { enter: "5" as unknown as number, exit: 6 } };
    assert.throws(() => levels(thresholds), {
      name: "TypeError",
      message: /'low.enter' must be bytes/,
    });
    assert.throws(() => levels(two, { sustain: 0 }), RangeError);
    assert.throws(() => levels({ low: null } as never), {
      name: "TypeError",
      message: "'low' must be an object: current value is null",
    });
  });
});

describe("linearBudget()", () => {
  const rows: [LinearBudgetOptions, number, number][] = [
    [{ costPerWorker: 500 * MiB, fraction: 0.5, cores: 8 }, 4 * GiB, 4],
    [{ costPerWorker: 500 * MiB, fraction: 0.5, cores: 8, overhead: 1 * GiB }, 4 * GiB, 2],
    [{ costPerWorker: 100 * MiB, fraction: 1, cores: 4, ratio: 1 }, 10 * GiB, 4],
    [{ costPerWorker: 100 * MiB, cores: 4, ratio: 2, max: 5 }, 10 * GiB, 5],
    [{ costPerWorker: 100 * MiB, cores: 4 }, 0, 1],
    [{ costPerWorker: 1, cores: 4, overhead: 5 * GiB }, 1 * GiB, 1],
  ];
  for (const [options, headroom, expected] of rows) {
    it(`${JSON.stringify(options)} of ${headroom} bytes is ${expected}`, () => {
      assert.equal(linearBudget(options)(left(headroom)), expected);
    });
  }

  it("is 1 while headroom is unknown", () => {
    assert.equal(linearBudget({ costPerWorker: 1 })(left(undefined)), 1);
  });

  it("knows the cores of this machine", () => {
    const workers = linearBudget({ costPerWorker: 1 })(left(1e9));
    assert.ok(Number.isInteger(workers) && workers >= 1);
  });

  it("refuses bad options", () => {
    for (
      const bad of [
        { costPerWorker: -1 },
        { costPerWorker: 0 },
        { fraction: 0 },
        { fraction: 1.1 },
        { cores: 0 },
        { ratio: 0 },
        { max: 0 },
        { overhead: NaN },
      ]
    ) {
      assert.throws(
        () => linearBudget({ costPerWorker: 1, ...bad }),
        RangeError,
        JSON.stringify(bad),
      );
    }
    assert.throws(() => linearBudget({ costPerWorker: 0 }), {
      name: "RangeError",
      message: "'costPerWorker' must be above 0 and finite: current value is 0",
    });
    assert.throws(() => linearBudget({ costPerWorker: "1" as unknown as number }), TypeError);
  });
});

/** A snapshot of another maker, whose headroom is not a number. */
class Broken extends MemInfo {
  override headroom(): number {
    return NaN;
  }
}

describe("a headroom of NaN", () => {
  it("is taken as unknown by every policy", () => {
    const broken = new Broken({ at: 0 });
    assert.equal(adaptiveInterval({ min: 70 })(broken), 70);
    assert.equal(linearBudget({ costPerWorker: 1 })(broken), 1);
    const level = levels({ low: { enter: 5, exit: 9 } });
    assert.deepEqual([broken, left(1), broken].map(level), ["normal", "low", "low"]);
    const follow = trend();
    for (const headroom of [900, 800, 700]) {
      follow(new MemInfo({ at: 1_000 - headroom, systemAvailable: headroom }));
    }
    assert.equal(follow(new Broken({ at: 350 })), undefined);
    assert.equal(follow(new MemInfo({ at: 400, systemAvailable: 600 }))?.bytesPerSecond, 1_000);
  });

  it("does not come from a snapshot that was made with one", () => {
    assert.equal(adaptiveInterval({ min: 70 })(left(NaN)), 70);
    assert.equal(linearBudget({ costPerWorker: 1 })(left(NaN)), 1);
  });
});

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

  it("refuses a window that is none", () => {
    for (const samples of [0, 2, 2.5, NaN, 1_001]) {
      assert.throws(() => trend({ samples }), RangeError);
    }
  });
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

describe("adaptiveInterval()", () => {
  it("is the time in which what is left could be filled, within bounds", () => {
    const interval = adaptiveInterval({ min: 50, max: 2_000, fillRate: 1_000 });
    assert.deepEqual([undefined, left(undefined), left(0), left(100), left(10_000)].map(interval), [
      50,
      50,
      50,
      100,
      2_000,
    ]);
  });

  it("drives watch(): faster as headroom shrinks", async () => {
    const clock = new ManualClock();
    const sampler = new StorySampler(clock, [{ at: 0, systemAvailable: 800 }, {
      at: 1_000,
      systemAvailable: 100,
    }]);
    const stop = new AbortController();
    const times: number[] = [];
    const interval = adaptiveInterval({ min: 100, max: 800, fillRate: 1_000 });
    const done = watch(
      { interval, clock, sampler, signal: stop.signal },
      () => void times.push(clock.now()),
    );
    clock.tick(2_000);
    assert.deepEqual(times.slice(0, 4), [100, 900, 1_700, 1_800]);
    stop.abort();
    await done;
  });

  it("refuses bad bounds", () => {
    for (const bad of [{ min: 0 }, { max: Infinity }, { min: 10, max: 5 }, { fillRate: 0 }]) {
      assert.throws(() => adaptiveInterval(bad), RangeError, JSON.stringify(bad));
    }
    assert.throws(() => adaptiveInterval({ fillRate: "1" as unknown as number }), TypeError);
    assert.throws(() => adaptiveInterval({ min: 0 }), /'min' must be above 0/);
  });
});
