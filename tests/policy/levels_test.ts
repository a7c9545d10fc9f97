import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GiB, MemInfo, MiB } from "../../mod.ts";
import { levels, type LevelsOptions, type LevelThresholds } from "../../policy.ts";
import { refusesBadOptions } from "../support/bad_options.ts";
import { counted } from "../support/counted_options.ts";

const left = (headroom: number | undefined) => new MemInfo({ at: 0, systemAvailable: headroom });

describe("levels()", () => {
  it("is the reference's example: below 512 MiB, above 1 GiB, in between as it was", () => {
    const level = levels({ low: { enter: 512 * MiB, exit: 1 * GiB } });
    const scenario = [600, 511, 512, 1024, 1025, 600, 511].map((mib) => level(left(mib * MiB)));
    assert.deepEqual(scenario, ["normal", "low", "low", "low", "normal", "normal", "low"]);
  });

  const two = { low: { enter: 200, exit: 300 }, critical: { enter: 50, exit: 150 } };

  it("escalates at once, over several levels too", () => {
    assert.equal(levels(two)(left(49)), "critical");
  });

  it("eases level by level, as far as headroom allows", () => {
    const level = levels(two);
    const scenario = [40, 149, 151, 299, 301].map((bytes) => level(left(bytes)));
    assert.deepEqual(scenario, ["critical", "critical", "low", "low", "normal"]);
    level(left(40));
    assert.equal(level(left(1_000)), "normal");
  });

  it("eases only after so many samples in a row", () => {
    const level = levels(two, { sustain: 3 });
    const scenario = [100, 400, 400, 250, 400, 400, 400, 100].map((bytes) => level(left(bytes)));
    assert.deepEqual(scenario, ["low", "low", "low", "low", "low", "low", "normal", "low"]);
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

  it("takes shares of the limit, or of host memory without one", () => {
    const level = levels({ low: { enter: "10%", exit: "20%" } });
    assert.equal(level(new MemInfo({ cgroupLimit: 1_000, cgroupCurrent: 901 })), "low");
    assert.equal(level(new MemInfo({ cgroupLimit: 1_000, cgroupCurrent: 799 })), "normal");
    assert.equal(level(new MemInfo({ systemTotal: 1_000, systemAvailable: 99 })), "low");
    assert.equal(level(left(5)), "low", "as it was: the whole is unknown");
  });

  it('takes "100%" for the whole limit, and 1 for a byte', () => {
    const of = (cgroupCurrent: number) => new MemInfo({ cgroupLimit: 1_000, cgroupCurrent });
    const level = levels({
      used: { enter: "100%", exit: "100%" },
      half: { enter: "50%", exit: "100%" },
    });
    assert.deepEqual([of(0), of(1), of(501), of(0)].map(level), ["normal", "used", "half", "half"]);
    const bytes = levels({ low: { enter: 1.5, exit: 1.5 }, none: { enter: 1, exit: 1 } });
    assert.deepEqual([of(998), of(999), of(1_000)].map(bytes), ["normal", "low", "none"]);
  });

  it("stays as it was while headroom is unknown", () => {
    const level = levels(two);
    level(left(10));
    assert.equal(level(left(undefined)), "critical");
  });

  it("reads each option once, and ignores later changes", () => {
    const low = counted<LevelThresholds>({ enter: 200, exit: 300 });
    const sustain = counted({ sustain: 2 });
    const thresholds = { low: low.options };
    const level = levels(thresholds, sustain.options);
    assert.equal(level(left(100)), "low");
    delete (thresholds as Partial<typeof thresholds>).low;
    assert.deepEqual([400, 400].map((bytes) => level(left(bytes))), ["low", "normal"]);
    assert.deepEqual([...low.reads, ...sustain.reads], [["enter", 1], ["exit", 1], ["sustain", 1]]);
  });

  refusesBadOptions(
    ([thresholds, options]: [thresholds: object, options?: LevelsOptions]) =>
      levels(thresholds as Record<string, LevelThresholds>, options),
    [
      ["no level", [{}], RangeError, /at least one level/],
      [
        "exit below enter",
        [{ low: { enter: 2, exit: 1.5 } }],
        RangeError,
        /'low.exit' must be at least enter, 2: current value is 1.5/,
      ],
      [
        "exit below enter, as shares",
        [{ low: { enter: "9%", exit: "8.5%" } }],
        RangeError,
        /'low.exit' must be at least enter, "9%": current value is "8.5%"/,
      ],
      [
        "0",
        [{ low: { enter: 0, exit: 5 } }],
        RangeError,
        /'low.enter' must be at least 1 byte and finite.*: current value is 0/,
      ],
      [
        "NaN",
        [{ low: { enter: 5, exit: NaN } }],
        RangeError,
        /'low.exit' must be at least 1 byte and finite.*: current value is NaN/,
      ],
      [
        "a fraction",
        [{ low: { enter: 0.2, exit: 0.3 } }],
        RangeError,
        /'low.enter' must be .* or a share such as "20%": current value is 0.2/,
      ],
      [
        "a share above the whole",
        [{ low: { enter: "10%", exit: "101%" } }],
        RangeError,
        /'low.exit' must be above 0% and at most 100%: current value is "101%"/,
      ],
      [
        "a share and bytes",
        [{ low: { enter: "50%", exit: 5 } }],
        RangeError,
        /'low' must have both thresholds in bytes or both as shares: current value is "50%", 5/,
      ],
      [
        "levels that do not descend",
        [{ a: { enter: 5, exit: 6 }, b: { enter: 7, exit: 8 } }],
        RangeError,
        /'b.enter' must be below that of a, 5: current value is 7/,
      ],
      [
        "shares that do not descend",
        [{ a: { enter: "9%", exit: "9%" }, b: { enter: "10%", exit: "20%" } }],
        RangeError,
        /'b.enter' must be below that of a, "9%": current value is "10%"/,
      ],
      [
        "a share after bytes",
        [{ a: { enter: 500, exit: 600 }, b: { enter: "90%", exit: "90%" } }],
        RangeError,
        /'b.enter' must be bytes, as that of a, 500, is: current value is "90%"/,
      ],
      [
        "bytes after a share",
        [{ a: { enter: "10%", exit: "20%" }, b: { enter: 50, exit: 60 } }],
        RangeError,
        /'b.enter' must be a share, as that of a, "10%", is: current value is 50/,
      ],
      [
        "two levels at the whole",
        [{ a: { enter: "100%", exit: "100%" }, b: { enter: "100%", exit: "100%" } }],
        RangeError,
        /'b.enter' must be below that of a, "100%"/,
      ],
      [
        'the name "normal"',
        [{ normal: { enter: 5, exit: 6 } }],
        RangeError,
        /must not be "normal", which means .* value is "normal"/,
      ],
      [
        "an integer as a name",
        [{ low: { enter: 5, exit: 6 }, 2: { enter: 3, exit: 4 } }],
        RangeError,
        /must not be an integer.* "2"/,
      ],
      [
        "digits as a name",
        [{ "007": { enter: 3, exit: 4 } }],
        RangeError,
        /must not be an integer.* "007"/,
      ],
      [
        "a number as text",
        [{ low: { enter: "5", exit: 6 } }],
        TypeError,
        /'low.enter' must be bytes or a share such as "10%": current value is "5"/,
      ],
      [
        "null as a level",
        [{ low: null }],
        TypeError,
        /^'low' must be an object: current value is null$/,
      ],
      ["null as the levels", [null as never], TypeError, /^'levels' must be an object: .* null$/],
      ["5 as the options", [two, 5 as never], TypeError, /'options' must be an object.* is 5$/],
      ["sustain", [two, { sustain: 0 }], RangeError, /'sustain' must be a whole number.* 0/],
      [
        "sustain 1.5",
        [{ low: { enter: 5, exit: 6 } }, { sustain: 1.5 }],
        RangeError,
        /'sustain'.*is 1\.5$/,
      ],
      [
        "Infinity",
        [{ low: { enter: 5, exit: Infinity } }],
        RangeError,
        /'low\.exit'.*finite.*Infinity$/,
      ],
      [
        "5 as the levels",
        [5 as never],
        TypeError,
        /'levels' must be an object: current value is 5$/,
      ],
    ],
  );
});
