import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GiB, MemInfo, MiB } from "../../mod.ts";
import { linearBudget, type LinearBudgetOptions } from "../../policy.ts";
import { refusesBadOptions } from "../support/bad_options.ts";
import { counted } from "../support/counted_options.ts";

const left = (headroom: number | undefined) => new MemInfo({ at: 0, systemAvailable: headroom });

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

  it("knows the cores of this host", () => {
    const workers = linearBudget({ costPerWorker: 1 })(left(1e9));
    assert.ok(Number.isInteger(workers) && workers >= 1);
  });

  it("reads each option once", () => {
    const all = { costPerWorker: 1, fraction: 0.5, overhead: 0, cores: 8, ratio: 1, max: 9 };
    const { options, reads } = counted(all);
    const workers = linearBudget(options);
    for (let i = 0; i < 3; i++) workers(left(1_000));
    assert.deepEqual([...reads], Object.keys(all).map((name) => [name, 1]));
  });

  refusesBadOptions(
    (options: object) => linearBudget({ costPerWorker: 1, ...options }),
    [
      [
        "no cost",
        { costPerWorker: 0 },
        RangeError,
        /^'costPerWorker' must be above 0 and finite: current value is 0$/,
      ],
      ["no cost at all", { costPerWorker: undefined }, TypeError, /'costPerWorker' .*undefined/],
      ["an overhead of NaN", { overhead: NaN }, RangeError, /'overhead' must be at least 0.* NaN/],
      [
        "costPerWorker -1",
        { costPerWorker: -1 },
        RangeError,
        /'costPerWorker' must be above 0 and finite: current value is -1$/,
      ],
      [
        "costPerWorker Infinity",
        { costPerWorker: Infinity },
        RangeError,
        /'costPerWorker'.*finite.*Infinity$/,
      ],
      [
        "costPerWorker as text",
        { costPerWorker: "1" },
        TypeError,
        /'costPerWorker' must be a number.*"1"$/,
      ],
      [
        "fraction 0",
        { fraction: 0 },
        RangeError,
        /'fraction' must be above 0 and at most 1: current value is 0$/,
      ],
      [
        "fraction 1.1",
        { fraction: 1.1 },
        RangeError,
        /'fraction' must be above 0 and at most 1: current value is 1\.1$/,
      ],
      [
        "overhead -1",
        { overhead: -1 },
        RangeError,
        /'overhead' must be at least 0 and finite: current value is -1$/,
      ],
      ["overhead Infinity", { overhead: Infinity }, RangeError, /'overhead'.*finite.*Infinity$/],
      [
        "cores 0",
        { cores: 0 },
        RangeError,
        /'cores' must be at least 1 and finite: current value is 0$/,
      ],
      [
        "ratio 0",
        { ratio: 0 },
        RangeError,
        /'ratio' must be above 0 and finite: current value is 0$/,
      ],
      ["max 0", { max: 0 }, RangeError, /'max' must be at least 1.*: current value is 0$/],
      ["max null", { max: null }, TypeError, /'max' must be a number/],
    ],
  );

  refusesBadOptions((options: object) => linearBudget(options as LinearBudgetOptions), [
    ["5", 5 as never, TypeError, /^'options' must be an object: current value is 5$/],
  ]);
});
