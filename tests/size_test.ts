import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemInfo } from "../mod.ts";
import { inBytes, parseShare, parseSize, showSize, times, wholeOf } from "../src/size.ts";
import { type BadOption, refusesBadOptions } from "./support/bad_options.ts";

describe("a size", () => {
  it("is bytes, or a share of a whole", () => {
    for (
      const [size, expected] of [
        [1, 1],
        [1.5, 1.5],
        [300, 300],
        ["10%", 20],
        ["12.5%", 25],
        [
          "100%",
          200,
        ],
        [".5%", 1],
        ["7%", 14],
      ] as const
    ) {
      assert.equal(inBytes(parseSize("size", size), 200), expected, String(size));
    }
  });

  it("is unknown if it is a share of an unknown whole", () => {
    assert.equal(inBytes(parseSize("size", "10%"), NaN), NaN);
    assert.equal(inBytes(parseSize("size", 10), NaN), 10);
  });

  it("times a factor is at most 100 % as a share", () => {
    const grown = (size: unknown) => showSize(times(parseSize("size", size), 1.5));
    assert.deepEqual(["10%", "70%", "100%", 10].map(grown), ['"15%"', '"100%"', '"100%"', "15"]);
    assert.equal(inBytes(times(parseSize("size", "70%"), 1.5), 200), 200);
  });

  const rows: BadOption<unknown>[] = [
    ["0", 0, RangeError, /'size' must be at least 1 byte and finite.* 0$/],
    ["-1", -1, RangeError, /at least 1 byte.* -1$/],
    ["NaN", NaN, RangeError, /at least 1 byte.* NaN$/],
    ["Infinity", Infinity, RangeError, /finite.* Infinity$/],
    ["0.1 for 10 %", 0.1, RangeError, /or a share such as "10%": current value is 0\.1$/],
    ["0.07 for 7 %", 0.07, RangeError, /or a share such as "7%": current value is 0\.07$/],
    ["0.125 for 12.5 %", 0.125, RangeError, /or a share such as "12\.5%"/],
    ["undefined", undefined, TypeError, /must be bytes or a share such as "10%".* undefined$/],
    ["null", null, TypeError, /must be bytes or a share.* null$/],
    ["a number as text", "5", TypeError, /must be bytes or a share.* "5"$/],
    ["no number", "x%", TypeError, /must be bytes or a share.* "x%"$/],
    ["no digit", ".%", TypeError, /must be bytes or a share.* "\.%"$/],
    ["an empty text", "", TypeError, /must be bytes or a share.* ""$/],
    ["spaces", " 10%", TypeError, /must be bytes or a share.* " 10%"$/],
    ["an exponent", "1e1%", TypeError, /must be bytes or a share.* "1e1%"$/],
    ["0 %", "0%", RangeError, /must be above 0% and at most 100%.* "0%"$/],
    ["-5 %", "-5%", RangeError, /must be above 0% and at most 100%.* "-5%"$/],
    ["101 %", "101%", RangeError, /must be above 0% and at most 100%.* "101%"$/],
  ];
  refusesBadOptions((size) => parseSize("size", size), rows);
});

describe("a share", () => {
  it("is a fraction", () => {
    assert.deepEqual(["5%", "62.5%", "100%"].map((share) => parseShare("share", share)), [
      0.05,
      0.625,
      1,
    ]);
  });

  refusesBadOptions((share: unknown) => parseShare("share", share), [
    ["a number", 0.6, TypeError, /'share' must be a share such as "60%": current value is 0\.6$/],
    ["the number 1", 1, TypeError, /must be a share such as "100%": current value is 1$/],
    ["bytes", 500, TypeError, /must be a share such as "10%": current value is 500$/],
    ["0 %", "0%", RangeError, /'share' must be above 0% and at most 100%.* "0%"$/],
    ["100.1 %", "100.1%", RangeError, /'share' must be above 0% and at most 100%.* "100.1%"$/],
  ]);
});

describe("the whole that shares are of", () => {
  it("is the cgroup's limit, or host memory without one", () => {
    const of = (init: ConstructorParameters<typeof MemInfo>[0]) => wholeOf(new MemInfo(init));
    assert.equal(of({ cgroupLimit: 5, systemTotal: 9 }), 5);
    assert.equal(of({ cgroupLimit: Infinity, systemTotal: 9 }), 9);
    assert.equal(of({ systemTotal: 9 }), 9);
    assert.equal(of({}), NaN);
  });
});
