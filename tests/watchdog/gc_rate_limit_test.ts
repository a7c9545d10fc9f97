import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readGuard } from "../../src/watchdog/settings.ts";
import { GcRateLimit, type GcRateLimitOptions } from "../../src/watchdog/gc_rate_limit.ts";

const guard = (options: GcRateLimitOptions = {}) => new GcRateLimit(readGuard(options));

/** Shows it usage of a limit of 100, one after another. */
function observe(tested: GcRateLimit, ...usages: number[]): void {
  for (const used of usages) tested.observe(used, 100, NaN, NaN, true);
}

/** When it allows the next collection, in whole milliseconds after `now`. */
function pauseOf(tested: GcRateLimit, now: number): number {
  let pause = 0;
  while (!tested.allows(now + pause)) pause++;
  return pause;
}

describe("the GC rate limit", () => {
  it("allows the first collection at once", () => {
    assert.equal(guard().allows(0), true);
  });

  it("keeps the least interval after one that helped", () => {
    const tested = guard({ minGap: 100 });
    assert.equal(tested.record(1_000, 0, 50, 100), true);
    assert.equal(pauseOf(tested, 1_000), 100);
  });

  it("doubles the wait after each one that did not help, up to the ceiling, and starts over", () => {
    const tested = guard({ minGap: 100, maxGap: 1_500 });
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
    for (const [maxShare, pause] of [["50%", 400], ["25%", 1_200], ["10%", 3_600]] as const) {
      const tested = guard({ minGap: 100, maxShare });
      tested.record(0, 400, 100, 100);
      observe(tested, 0, 90);
      assert.equal(pauseOf(tested, 0), pause, maxShare);
    }
  });

  it("gives them a smaller share while usage is not near the limit", () => {
    for (const [options, pause] of [[{}, 4_600], [{ calmShare: "25%" }, 1_200]] as const) {
      const tested = guard({ minGap: 100, ...options });
      tested.record(0, 400, 100, 100);
      observe(tested, 0, 89);
      assert.equal(pauseOf(tested, 0), pause);
    }
    const tested = guard({ maxShare: "4%" });
    tested.record(0, 400, 100, 100);
    observe(tested, 0, 89);
    assert.equal(pauseOf(tested, 0), 9_600, "never more than maxShare");
  });

  it("waits until half of the room that an effective collection left is filled", () => {
    const tested = guard();
    const allowedAt = (used: number) => {
      tested.observe(used, 100, NaN, NaN, true);
      return tested.allows(1e9);
    };
    assert.equal(allowedAt(60), true, "there was none yet");
    tested.record(0, 0, 20, 60);
    assert.equal(tested.allows(1e9), false, "what it left is not known yet");
    assert.deepEqual([40, 69, 70].map(allowedAt), [false, false, true]);
    assert.deepEqual([20, 59, 60].map(allowedAt), [false, false, true], "usage has fallen");
  });

  it("does not wait for that after one that freed nothing: the back-off paces those", () => {
    const tested = guard();
    tested.record(0, 0, 0, 60);
    tested.observe(60, 100, NaN, NaN, true);
    assert.equal(tested.allows(1e9), true);
  });

  it("counts how often it holds back, not how often it is asked", () => {
    const tested = guard({ minGap: 100 });
    assert.equal(tested.allows(0), true);
    tested.record(0, 0, 50, 100);
    observe(tested, 50, 100);
    for (const now of [10, 20, 99]) assert.equal(tested.allows(now), false);
    assert.equal(tested.held, 1);
    assert.equal(tested.allows(100), true);
    for (const now of [101, 102]) assert.equal(tested.allows(now, false), false);
    assert.equal(tested.held, 2);
  });

  it("counts one that it holds back before there was any", () => {
    const tested = guard();
    assert.equal(tested.allows(0, false), false);
    assert.equal(tested.held, 1);
  });

  it("does not take usage that it was not told of for near the limit", () => {
    const tested = guard({ minGap: 100 });
    for (let i = 0; i < 5; i++) tested.record(0, 0, 0, 100);
    assert.equal(tested.wait, 3_200);
  });

  it("is calm from ten seconds after an effective collection on, and never after another", () => {
    const tested = guard();
    assert.equal(tested.isCalm(0), true);
    tested.record(1_000, 0, 50, 100);
    assert.deepEqual([10_999, 11_000].map((now) => tested.isCalm(now)), [false, true]);
    tested.record(20_000, 0, 0, 100);
    assert.equal(tested.isCalm(1e9), false);
  });

  it("counts ineffective collections, all and consecutive ones", () => {
    const tested = guard();
    const counts = [0, 0, 50, 0].map((freed) => {
      tested.record(0, 0, freed, 100);
      return [tested.ineffective, tested.consecutive];
    });
    assert.deepEqual(counts, [[1, 1], [2, 2], [2, 0], [3, 1]]);
  });

  it("allows one above the limit, whatever room the last one left there", () => {
    const tested = guard();
    tested.record(0, 0, 50, 160);
    observe(tested, 110);
    assert.equal(tested.allows(1e9), true);
  });

  it("waits after a dry run as after a collection that took no time", () => {
    const tested = guard({ minGap: 100 });
    observe(tested, 95);
    tested.record(0, 1_000, 50, 100);
    observe(tested, 0, 95);
    assert.equal(pauseOf(tested, 0), 1_000);
    tested.pass(5_000);
    assert.equal(pauseOf(tested, 5_000), 100);
  });
});

/** The three figures whose changes end the back-off, each alone. */
const FIGURES: Record<string, (value: number) => [number, number, number]> = {
  "usage": (value) => [value, NaN, NaN],
  "this isolate's heap": (value) => [160, value, NaN],
  "all memory of this isolate": (value) => [160, NaN, value],
};

describe("the GC rate limit ends the back-off", () => {
  /** One that has just recorded an ineffective collection, from 120 to 100 of a limit of 200. */
  function backedOff(at: (value: number) => [number, number, number]): GcRateLimit {
    const tested = guard();
    const [used, heapUsed, runtimeTotal] = at(120);
    tested.observe(used, 200, heapUsed, runtimeTotal, true);
    tested.record(0, 0, 0, 120);
    const [after, ...others] = at(100);
    tested.observe(after, 200, ...others, true);
    assert.equal(tested.wait, 100);
    return tested;
  }

  for (const [name, at] of Object.entries(FIGURES)) {
    const waitAt = (value: number) => {
      const tested = backedOff(at);
      const [used, heapUsed, runtimeTotal] = at(value);
      tested.observe(used, 200, heapUsed, runtimeTotal, true);
      return tested.wait;
    };

    it(`when ${name} is above the figure before by 5 % of the limit`, () =>
      assert.deepEqual([121, 129, 130].map(waitAt), [100, 100, 50]));

    it(`when ${name} is below the figure after by 5 % of the limit`, () =>
      assert.deepEqual([99, 91, 90].map(waitAt), [100, 100, 50]));
  }

  it("when the limit has changed by 5 % of what it was", () => {
    const waits = [191, 190, 209, 210].map((limit) => {
      const tested = backedOff(FIGURES.usage!);
      tested.observe(100, limit, NaN, NaN, true);
      return tested.wait;
    });
    assert.deepEqual(waits, [100, 50, 100, 50]);
  });

  it("by what has changed since the last ineffective collection, not the first", () => {
    const tested = backedOff(FIGURES.usage!);
    tested.record(0, 0, 0, 100);
    tested.observe(100, 200, NaN, NaN, true);
    tested.observe(111, 200, NaN, NaN, true);
    assert.equal(tested.wait, 50);
  });
});
