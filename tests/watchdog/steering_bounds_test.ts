// Steering at its bounds: the percentages that it accepts, what it does where
// the share of time for collections is just within reach, and what it says.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import type { GcTimeListener } from "../../src/host/watchdog.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import type { Logger } from "../../src/watchdog/events.ts";
import { findSteering, readGrowth, type Steering } from "../../src/watchdog/steering.ts";

let clock: ManualClock;
let done: (number | "restore" | "release")[];
let log: string[];
let report: GcTimeListener;
let startWorker: () => void;

const note = (message: string) => void log.push(message);

/** Steering of an engine whose collections are what the test reports. */
function steer(
  bounds: { min: number; max: number },
  logger: Logger = { debug: note, warn: note },
): Steering {
  clock = new ManualClock();
  done = [];
  log = [];
  return findSteering({
    bounds,
    maxShare: 0.5,
    clock,
    logger,
    fail: ({ reason }) => assert.fail(`${reason}`),
    claim: (onWorker) => {
      startWorker = onWorker;
      return {
        set: (percent) => void done.push(percent),
        restore: () => void done.push("restore"),
        release: () => void done.push("release"),
      };
    },
    observe: (listener) => {
      report = listener;
      return () => {};
    },
  })!;
}

/** The program runs for so long, with a collection of `pause` every 100 ms. */
function run(milliseconds: number, pause: number): void {
  for (let passed = 0; passed < milliseconds; passed += 100) {
    clock.tick(100);
    report(pause, 0);
  }
}

const tight = { next: 100, immediate: true };

describe("the bounds of steering", () => {
  it("are 10 and 100 percent, each by default", () => {
    assert.deepEqual(readGrowth(undefined), { min: 10, max: 100 });
    assert.deepEqual(readGrowth({}), { min: 10, max: 100 });
    assert.deepEqual(readGrowth({ min: 20 }), { min: 20, max: 100 });
    assert.deepEqual(readGrowth({ max: 20 }), { min: 10, max: 20 });
  });

  it("are whole percentages from 1 on, and may be equal", () => {
    assert.deepEqual(readGrowth({ min: 1, max: 1 }), { min: 1, max: 1 });
    for (const value of [0, -1, 1.5, NaN, Infinity]) {
      assert.throws(() => readGrowth({ max: value }), {
        name: "RangeError",
        message: `'growth.max' must be a whole percentage of at least 1: current value is ${value}`,
      });
    }
    assert.throws(() => readGrowth({ min: 2, max: 1 }), {
      name: "RangeError",
      message: "'growth.max' must be at least min, 2: current value is 1",
    });
  });

  it("are none where the engine is to be left alone", () => {
    assert.equal(readGrowth(false), false);
  });
});

describe("steering", () => {
  beforeEach(() => void steer({ min: 10, max: 80 }));

  it("changes nothing before the policy was asked", () => {
    run(5_000, 1);
    run(5_000, 50);
    assert.deepEqual(done, []);
  });

  it("takes collections at the lower bound for what they are, however long it stays there", () => {
    for (let phase = 0; phase < 2_500; phase += 100) {
      steer({ min: 10, max: 80 }).steer(100, tight);
      run(10_000 + phase, 7);
      report(160, 0); // 15 % of the time now
      assert.equal(done.at(-1), 10, `after ${phase} ms`);
    }
  });

  it("takes the engine over again at the upper bound, even if that is not twice a lower one", () => {
    const steering = steer({ min: 30, max: 80 });
    steering.steer(100, tight);
    run(6_000, 1);
    assert.deepEqual(done.splice(0), [80, 40, 30]);
    run(3_000, 60);
    assert.deepEqual(done.splice(0), [60, "restore"]);
    run(10_000, 1);
    assert.deepEqual(done, [80, 40, 30]);
  });

  it("lets the heap grow from nothing as from one byte", () => {
    const steering = steer({ min: 10, max: 80 });
    run(10_000, 0);
    steering.steer(0, { next: 1.5 });
    assert.deepEqual(done, [50]);
  });

  it("says how far the heap may grow, and when the engine decides", () => {
    const steering = steer({ min: 10, max: 80 });
    steering.steer(100, tight);
    run(2_000, 60);
    assert.deepEqual(log, [
      "watchdog: the heap may grow by 80 percent",
      "watchdog: collections take too much time, the engine decides",
    ]);
  });

  it("says once that it ends", () => {
    startWorker();
    startWorker();
    assert.deepEqual(log, [
      "watchdog: steering ends, this process has started a worker; it collects at the watermarks",
    ]);
  });

  it("needs no logger", () => {
    const steering = steer({ min: 10, max: 80 }, {});
    steering.steer(100, tight);
    run(2_000, 60);
    assert.deepEqual(done, [80, "restore"]);
    startWorker();
    assert.equal(steering.active, false);
    const claim = () => ({ problem: "the engine is busy" });
    const parts = { bounds: { min: 1, max: 1 }, maxShare: 1, clock, logger: {}, claim };
    assert.equal(findSteering({ ...parts, fail: () => assert.fail() }), undefined);
  });

  it("is not disturbed by a worker that starts while the engine is claimed", () => {
    const steering = findSteering({
      bounds: { min: 10, max: 80 },
      maxShare: 1,
      clock,
      logger: {},
      fail: ({ reason }) => assert.fail(`${reason}`),
      claim: (onWorker) => {
        onWorker();
        return { set() {}, restore() {}, release() {} };
      },
      observe: () => () => {},
    });
    assert.ok(steering !== undefined);
  });
});
