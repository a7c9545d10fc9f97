import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MiB } from "../../src/bytes.ts";
import {
  adaptive,
  evaluate,
  type GcPolicyLike,
  type WatermarkOptions,
  watermarks,
} from "../../src/watchdog/policy.ts";
import { type BadOption, refusesBadOptions } from "../support/bad_options.ts";

const limit = 64 * MiB;
const at = (policy: GcPolicyLike, used: number) => evaluate(policy, { scope: "heap", used, limit });

describe("watermarks()", () => {
  const policy = watermarks([0.5, 0.75, 0.8]);
  const marks = [0.5, 0.75, 0.8].map((fraction) => Math.floor(limit * fraction));

  it("gives the first watermark above the usage", () => {
    assert.deepEqual(at(policy, 0), { next: marks[0] });
    assert.deepEqual(at(policy, marks[0]! - 1), { next: marks[0] });
    assert.deepEqual(at(policy, marks[1]! + 1), { next: marks[2] });
  });

  it("gives the next watermark for a usage exactly on one", () => {
    assert.deepEqual(at(policy, marks[0]!), { next: marks[1] });
    assert.deepEqual(at(policy, marks[1]!), { next: marks[2] });
  });

  it("collects at once from the last watermark on", () => {
    for (const used of [marks[2]!, marks[2]! + 1, limit, 2 * limit]) {
      assert.deepEqual(at(policy, used), { next: used, immediate: true });
    }
  });

  it("stays quiet past the last watermark if told so", () => {
    const quiet = watermarks([0.5, 0.75], { pastLast: "disable" });
    assert.deepEqual(at(quiet, limit), { next: Infinity });
    assert.deepEqual(at(quiet, 0), { next: marks[0] });
  });

  it("reads its fractions and options once", () => {
    const fractions = [0.5];
    const options: WatermarkOptions = { pastLast: "disable" };
    const own = watermarks(fractions, options);
    fractions[0] = 0.9;
    options.pastLast = "collect";
    assert.deepEqual(at(own, 0), { next: marks[0] });
    assert.deepEqual(at(own, limit), { next: Infinity });
  });

  const bad = (
    args: unknown[],
    type: BadOption<unknown>[2],
    message: RegExp,
  ): BadOption<unknown[]> => [JSON.stringify(args).slice(1, -1), args, type, message];

  refusesBadOptions((args) => (watermarks as (...args: unknown[]) => unknown)(...args), [
    bad([[]], RangeError, /at least one fraction: current value is none/),
    bad([[], {}], RangeError, /at least one fraction/),
    bad([[0.5, 0.4]], RangeError, /must ascend: current value is 0.5, 0.4/),
    bad([[0.5, 0.5]], RangeError, /must ascend/),
    bad([[0]], RangeError, /above 0 and at most 1: current value is 0/),
    bad([[-0.1]], RangeError, /current value is -0.1/),
    bad([[1.01]], RangeError, /current value is 1.01/),
    bad([[NaN]], RangeError, /current value is NaN/),
    bad([["0.5"]], TypeError, /must be a fraction: current value is "0.5"/),
    bad(
      [[0.5], { pastLast: "stop" }],
      RangeError,
      /'pastLast' must be "collect" or "disable".*"stop"/,
    ),
    bad([[0.5], 0.6], TypeError, /'options' must be an object: current value is 0.6/),
    bad([0.5, 0.6], TypeError, /must be an array, as in watermarks\(\[0.6, 0.7\]\): .* is 0.5/),
    bad([], TypeError, /must be an array, .* is undefined/),
    bad([{}], TypeError, /must be an array, .* is an object/),
  ]);
});

describe("adaptive()", () => {
  const policy = adaptive(0.5);

  it("lets usage grow by its part of what is left", () => {
    assert.deepEqual(at(policy, 0), { next: 32 * MiB });
    assert.deepEqual(at(policy, 32 * MiB), { next: 48 * MiB });
  });

  it("gives the limit at the limit, and collects at once from there on", () => {
    assert.deepEqual(at(policy, limit), { next: limit, immediate: true });
    assert.deepEqual(at(policy, limit + 5), { next: limit + 5, immediate: true });
  });

  it("refuses a factor that is none", () => {
    for (const factor of [0, -1, 1.5, NaN, Infinity]) {
      assert.throws(() => adaptive(factor), RangeError, String(factor));
    }
    assert.throws(() => adaptive("1" as unknown as number), TypeError);
  });
});

describe("a policy of one's own", () => {
  it("is a plain function or an object", () => {
    assert.equal(at(({ used }) => ({ next: used + 1 }), 5).next, 6);
    assert.equal(at({ evaluate: () => ({ next: 7, immediate: true }) }, 5).immediate, true);
  });

  it("must answer with a watermark", () => {
    for (const answer of [undefined, null, {}, { next: "5" }, { next: NaN }, 5]) {
      assert.throws(() => at((() => answer) as unknown as GcPolicyLike, 5), /must return \{ next/);
    }
  });
});
