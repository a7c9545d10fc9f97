// How long a watchdog waits after collections that freed nothing, and what
// ends the wait. The memory is scripted, the time is the test's.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { readGuard } from "../../src/watchdog/settings.ts";
import { GcRateLimit, type GcRateLimitOptions } from "../../src/watchdog/gc_rate_limit.ts";
import { cgroupDriven, type GcPolicy, type Watchdog, watermarks } from "../../watchdog.ts";
import { LIMIT, WatchdogBench } from "../support/watchdog_bench.ts";

let bench: WatchdogBench;
let dog: Watchdog | undefined;

beforeEach(() => {
  bench = new WatchdogBench();
});

afterEach(() => dog?.stop());

function start(policy?: GcPolicy): Watchdog {
  return dog = cgroupDriven(bench.options({ interval: 25, policy }));
}

/** Lets time pass until it collects, at most `most` milliseconds; how long that took. */
async function untilCollection(most: number, each: () => void = () => {}): Promise<number> {
  const { collections } = bench;
  const begun = bench.clock.now();
  while (bench.collections === collections && bench.clock.now() - begun < most) {
    each();
    await bench.advance(25, 25);
  }
  return bench.clock.now() - begun;
}

describe("a cache that is dropped after 20 s at 91 % of the limit", () => {
  it("is collected before usage reaches 97 %, whatever the rate of allocation", async () => {
    for (const share of [0.001, 0.005, 0.01]) {
      bench = new WatchdogBench();
      bench.pause = 20;
      start();
      bench.live = 0.91 * LIMIT;
      await bench.advance(20_000, 25);
      bench.garbage = bench.live;
      bench.live = 0;
      let most = 0;
      await untilCollection(60_000, () => {
        bench.garbage += share * LIMIT;
        most = Math.max(most, bench.used);
      });
      assert.equal(bench.garbage, 0);
      assert.ok(most <= 0.97 * LIMIT, `${most / LIMIT} at ${share}`);
      dog!.stop();
    }
  });

  it("is collected within 2 s even if nothing else is allocated", async () => {
    start();
    bench.live = 0.91 * LIMIT;
    await bench.advance(20_000, 25);
    bench.garbage = bench.live;
    bench.live = 0;
    assert.ok(await untilCollection(60_000) <= 2_025);
  });

  it("costs little before: at most 10 % of the time at 91 %", async () => {
    for (const pause of [5, 50, 200, 1_000]) {
      bench = new WatchdogBench();
      bench.pause = pause;
      const handle = start();
      bench.live = 0.91 * LIMIT;
      await bench.advance(60_000, 25);
      const share = (handle.counters.timeSpent - pause) / bench.clock.now();
      assert.ok(share <= 0.1, `${share} with ${pause} ms`);
      handle.stop();
    }
  });
});

describe("the back-off ends early", () => {
  // Below nearLimit, with everything live: after a minute, the wait is long.
  const waitLong = async () => {
    start(watermarks([0.5]));
    bench.live = 0.8 * LIMIT;
    await bench.advance(60_000, 25);
  };

  const changes: [string, () => void, boolean][] = [
    ["nothing changes", () => {}, false],
    ["usage and heap grow by 4 % of the limit", () => bench.live += 0.04 * LIMIT, false],
    ["usage and heap grow by 5 % of the limit", () => bench.live += 0.051 * LIMIT, true],
    ["the heap shrinks by 5 % of the limit, and usage does not", () => {
      bench.live -= 0.051 * LIMIT;
      bench.elsewhere += 0.051 * LIMIT;
    }, true],
    ["the limit falls by 5 %", () => bench.limit *= 0.949, true],
    ["the limit rises by 5 %", () => bench.limit *= 1.051, true],
  ];
  for (const [title, change, ends] of changes) {
    it(`${ends ? "when" : "but not when"} ${title}`, async () => {
      await waitLong();
      change();
      const waited = await untilCollection(10_000);
      assert.equal(waited <= 100, ends, `${waited}`);
    });
  }

  it("when usage fell below the watermark and is back", async () => {
    await waitLong();
    bench.live = 0.3 * LIMIT;
    await bench.advance(100, 25);
    bench.live = 0.8 * LIMIT;
    assert.ok(await untilCollection(10_000) <= 100);
  });
});

describe("the GC rate limit near the limit", () => {
  const guard = (options: GcRateLimitOptions = {}) => new GcRateLimit(readGuard(options));
  /** After `times` ineffective collections of `duration` at this usage of 100. */
  const waitAt = (tested: GcRateLimit, used: number, times: number, duration = 0) => {
    for (let i = 0; i < times; i++) {
      tested.record(0, duration, 0, used);
      tested.observe(used, 100, NaN, NaN, true);
    }
    return tested.wait;
  };

  it("waits at most maxGapNearLimit from nearLimit on", () => {
    assert.equal(waitAt(guard(), 89, 12), 50 * 2 ** 12);
    assert.equal(waitAt(guard(), 90, 12), 2_000);
    assert.equal(waitAt(guard({ nearLimit: "50%", maxGapNearLimit: 700 }), 50, 12), 700);
    assert.equal(waitAt(guard({ minGap: 5_000 }), 90, 12), 5_000, "never below minGap");
  });

  it("gives ineffective collections no more than their share of time", () => {
    assert.equal(waitAt(guard(), 95, 12, 1_000), 9_000);
    assert.equal(waitAt(guard({ maxIneffectiveShare: "25%" }), 95, 12, 1_000), 3_000);
    assert.equal(waitAt(guard({ maxShare: "10%" }), 95, 12, 1_000), 9_000, "nor than maxShare");
  });

  it("lets usage that grows shorten the pause to that of maxShare, and no other change", () => {
    for (const [used, limit, wait] of [[94, 100, 1_000], [84, 100, 9_000], [89, 200, 9_000]]) {
      const tested = guard();
      waitAt(tested, 89, 3, 1_000);
      tested.observe(used!, limit!, NaN, NaN, true);
      assert.equal(tested.wait, wait);
    }
  });

  it("does not take garbage of the usual amount for a change", () => {
    const tested = guard();
    for (let i = 0; i < 5; i++) {
      tested.observe(80, 100, 76, NaN, false); // 4 bytes of it are young garbage
      tested.record(0, 0, 3, 80);
      for (let heapUsed = 72; heapUsed <= 80; heapUsed++) {
        tested.observe(80, 100, heapUsed, NaN, false);
      }
      assert.equal(tested.wait, 50 * 2 ** (i + 1));
    }
  });

  it("does not count usage that other isolates may have moved", () => {
    for (const [alone, wait] of [[true, 50], [false, 400]] as const) {
      const tested = guard();
      waitAt(tested, 80, 3);
      tested.observe(70, 100, 5, 5, alone);
      tested.observe(80, 100, 5, 5, alone);
      assert.equal(tested.wait, wait);
    }
  });
});
