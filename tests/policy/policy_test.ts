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
  });
});

describe("linearBudget()", () => {
  const rows: [LinearBudgetOptions, number, number][] = [
    [{ costPerWorker: 500 * MiB, fraction: 0.5, cores: 8 }, 4 * GiB, 4],
    [{ costPerWorker: 500 * MiB, fraction: 0.5, cores: 8, overhead: 1 * GiB }, 4 * GiB, 2],
    [{ costPerWorker: 100 * MiB, fraction: 1, cores: 4, ratio: 1 }, 10 * GiB, 4],
    [{ costPerWorker: 100 * MiB, cores: 4, ratio: 2, max: 5 }, 10 * GiB, 5],
    [{ costPerWorker: 0, cores: 4 }, 10 * GiB, 1],
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
    assert.throws(() => linearBudget({ costPerWorker: "1" as unknown as number }), TypeError);
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

  it("refuses a window that is none", () => {
    for (const samples of [0, 2, 2.5, NaN, 1_001]) {
      assert.throws(() => trend({ samples }), RangeError);
    }
  });
});

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
