import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { adaptive, evaluate, watermarks } from "../../src/watchdog/policy.ts";

const at = (used: number) => ({ scope: "heap" as const, used, limit: 1_000 });

describe("the bounds of a policy", () => {
  it("include the whole limit: a fraction of 1 collects at the limit", () => {
    assert.deepEqual(watermarks([0.5, 1]).evaluate(at(999)), { next: 1_000 });
    assert.deepEqual(watermarks([1]).evaluate(at(1_000)), { next: 1_000, immediate: true });
    assert.deepEqual(adaptive(1).evaluate(at(400)), { next: 1_000 });
  });

  it("are whole bytes, rounded towards the earlier collection", () => {
    assert.deepEqual(watermarks([0.3337]).evaluate(at(0)), { next: 333 });
    assert.deepEqual(adaptive(0.3337).evaluate(at(0)), { next: 333 });
  });

  it("leave the last one open: `collect` is the default, and may be said", () => {
    assert.deepEqual(
      watermarks([0.5], { pastLast: "collect" }).evaluate(at(600)),
      watermarks([0.5]).evaluate(at(600)),
    );
    assert.deepEqual(watermarks([0.5], {}).evaluate(at(600)), { next: 600, immediate: true });
  });
});

describe("the errors of a policy", () => {
  it("name the option, the rule and the value", () => {
    assert.throws(() => adaptive(0), {
      name: "RangeError",
      message: /'adaptive' must be above 0 and at most 1: current value is 0$/,
    });
    assert.throws(() => adaptive("x" as unknown as number), {
      name: "TypeError",
      message: /'adaptive' must be a fraction: current value is "x"$/,
    });
    assert.throws(() => watermarks([2]), { name: "RangeError", message: /'watermarks'.*is 2$/ });
    assert.throws(() => watermarks([0.5, 0.6, 0.2]), { message: /ascend.* is 0\.5, 0\.6, 0\.2$/ });
  });

  it("show the answer that was none", () => {
    const show: [unknown, RegExp][] = [
      [{ next: "5" }, /current value is "5"$/],
      [{ next: NaN }, /current value is NaN$/],
      [{}, /current value is an object$/],
      [null, /current value is null$/],
      [7, /current value is 7$/],
    ];
    for (const [answer, message] of show) {
      assert.throws(() => evaluate((() => answer) as never, at(0)), { name: "TypeError", message });
    }
  });

  it("do not concern an answer without end", () => {
    assert.equal(evaluate(() => ({ next: Infinity }), at(0)).next, Infinity);
  });
});
