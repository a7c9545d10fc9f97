import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkedGuard } from "../../src/watchdog/options.ts";
import { StormGuard, type StormGuardOptions } from "../../src/watchdog/storm_guard.ts";

const guard = (options: StormGuardOptions = {}) => new StormGuard(checkedGuard(options));

/** When it allows the next collection, in whole milliseconds after `now`. */
function pauseOf(tested: StormGuard, now: number): number {
  let pause = 0;
  while (!tested.allows(now + pause)) pause++;
  return pause;
}

describe("the storm guard", () => {
  it("allows the first collection at once", () => {
    assert.equal(guard().allows(0), true);
  });

  it("keeps the least interval after one that helped", () => {
    const tested = guard({ minInterval: 100 });
    assert.equal(tested.record(1_000, 0, 50, 100), true);
    assert.equal(pauseOf(tested, 1_000), 100);
  });

  it("doubles the wait after each one that did not help, up to the ceiling, and starts over", () => {
    const tested = guard({ minInterval: 100, maxInterval: 1_500 });
    const pauses = [];
    for (let i = 0; i < 6; i++) {
      assert.equal(tested.record(0, 0, 4, 100), false);
      pauses.push(pauseOf(tested, 0));
    }
    assert.deepEqual(pauses, [200, 400, 800, 1_500, 1_500, 1_500]);
    tested.record(0, 0, 5, 100);
    assert.equal(pauseOf(tested, 0), 100);
  });

  it("gives collections no more than their share of time", () => {
    for (const [maxShare, pause] of [[0.5, 400], [0.25, 1_200], [0.1, 3_600]] as const) {
      const tested = guard({ minInterval: 100, maxShare });
      tested.record(0, 400, 100, 100);
      assert.equal(pauseOf(tested, 0), pause, `${maxShare}`);
    }
  });

  it("refuses bad bounds by name, rule and value", () => {
    const bad: [StormGuardOptions, RegExp][] = [
      [{ minInterval: 0 }, /'guard.minInterval' must be above 0.*: current value is 0/],
      [{ minInterval: NaN }, /'guard.minInterval'/],
      [{ maxInterval: Infinity }, /'guard.maxInterval' must be above 0 and finite/],
      [{ minInterval: 10, maxInterval: 5 }, /'guard.maxInterval' must be at least minInterval, 10/],
      [{ minFreed: 2 }, /'guard.minFreed' must be above 0 and at most 1/],
      [{ maxShare: 0 }, /'guard.maxShare' must be above 0 and at most 1/],
    ];
    for (const [options, message] of bad) {
      assert.throws(() => guard(options), { name: "RangeError", message });
    }
    assert.throws(() => guard({ minInterval: "5" as unknown as number }), TypeError);
  });
});
