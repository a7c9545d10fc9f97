// The life of a watchdog: what is released when it ends, in what state it is,
// and what its hooks and loggers can stop.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { MiB } from "../../src/bytes.ts";
import type { Dog } from "../../src/watchdog/dog.ts";
import { findSteering, type Steering } from "../../src/watchdog/steering.ts";
import type { CommonWatchdogOptions, DisableEvent } from "../../watchdog.ts";
import { settle } from "../support/async.ts";
import { startDog } from "../support/dog_bench.ts";
import { LIMIT, WatchdogBench } from "../support/watchdog_bench.ts";

let bench: WatchdogBench;
let dog: Dog | undefined;

beforeEach(() => {
  bench = new WatchdogBench();
});

afterEach(() => {
  dog?.stop();
  dog = undefined;
  bench.clock.assertIdle();
});

const mine = new Error("mine");
const fail = (): never => {
  throw mine;
};

/** Steering of an engine that notes what is done to it. */
function steeringOf(
  done: (string | number)[],
  release: () => void = () => {},
  set: (percent: number) => void = (percent) => void done.push(percent),
): Steering {
  return findSteering({
    bounds: { min: 10, max: 50 },
    maxShare: 0.5,
    clock: bench.clock,
    logger: {},
    fail: () => assert.fail("not expected"),
    claim: () => ({
      set,
      restore: () => void done.push("restore"),
      release() {
        done.push("release");
        release();
      },
    }),
    observe: () => () => {},
  })!;
}

describe("a watchdog that ends", () => {
  it("closes its sampler once, however often it is stopped", () => {
    let closed = 0;
    dog = startDog(bench, { onStop: () => closed++ });
    dog.stop();
    dog.stop();
    assert.deepEqual([closed, dog.state], [1, "stopped"]);
  });

  it("closes it once if it was disabled before it is stopped", async () => {
    let closed = 0;
    dog = startDog(bench, { onStop: () => closed++ }, { onFire: fail });
    bench.garbage = LIMIT;
    await bench.advance(10);
    assert.deepEqual([closed, dog.state], [1, "disabled"]);
    dog.stop();
    assert.deepEqual([closed, dog.state], [1, "stopped"]);
  });

  it("records that its sampler cannot be closed", () => {
    dog = startDog(bench, { onStop: fail });
    dog.stop();
    assert.deepEqual(dog.failure, { during: "closing the sampler", reason: mine });
  });

  it("lets the engine decide again", () => {
    const done: (string | number)[] = [];
    dog = startDog(bench, { steering: steeringOf(done) });
    assert.deepEqual([done, dog.steers], [[50], true]);
    dog.stop();
    assert.deepEqual([done, dog.steers], [[50, "release"], false]);
  });

  it("records that the engine cannot be restored, and closes its sampler all the same", () => {
    let closed = 0;
    dog = startDog(bench, { steering: steeringOf([], fail), onStop: () => closed++ });
    dog.stop();
    assert.deepEqual(dog.failure, { during: "restoring the engine", reason: mine });
    assert.equal(closed, 1);
  });
});

describe("a watchdog that cannot start", () => {
  it("throws what its signal throws, and leaves nothing running", () => {
    const { signal } = new AbortController();
    signal.addEventListener = fail;
    assert.throws(() => startDog(bench, {}, { signal }), (error) => error === mine);
    bench.clock.assertIdle();
  });
});

describe("a watchdog that is disabled", () => {
  const policyOnce = () => {
    let asked = 0;
    return ({ used }: { used: number }) => ++asked === 1 ? fail() : { next: used + 1 };
  };

  it("is disabled by a policy that fails in the start, even if that only fails once", async () => {
    const events: DisableEvent[] = [];
    dog = startDog(bench, {}, { policy: policyOnce(), onDisable: (event) => events.push(event) });
    assert.equal(dog.state, "running", "it is told of later");
    await settle();
    assert.deepEqual(events, [{ during: "evaluating the policy", reason: mine }]);
    assert.equal(dog.state, "disabled");
  });

  it("names an engine that cannot be steered", async () => {
    dog = startDog(bench, { steering: steeringOf([], () => {}, fail) });
    await settle();
    assert.deepEqual(dog.failure, { during: "steering the engine", reason: mine });
  });

  it("names the logger that could not be told", async () => {
    dog = startDog(bench, {}, { onFire: fail, logger: { error: fail } });
    bench.garbage = LIMIT;
    await bench.advance(10);
    assert.equal(dog.failure?.during, "calling logger.error");
  });
});

describe("a watchdog steered to the limit", () => {
  it("forces a collection there only", async () => {
    dog = startDog(bench, { steering: steeringOf([]) });
    bench.garbage = LIMIT - 1;
    await bench.advance(100);
    assert.equal(bench.collections, 0);
    bench.garbage = LIMIT;
    await bench.advance(10);
    assert.equal(bench.collections, 1);
  });

  it("forces them at its watermarks once the engine is lost", async () => {
    const steering = steeringOf([]);
    dog = startDog(bench, { steering });
    bench.garbage = 40 * MiB;
    await bench.advance(100);
    assert.equal(bench.collections, 0);
    steering.lose("a test");
    await bench.advance(10);
    assert.equal(bench.collections, 1);
  });
});

describe("a watchdog that is stopped in the middle of a turn", () => {
  async function runsUntil(options: CommonWatchdogOptions): Promise<void> {
    dog = startDog(bench, {}, options);
    bench.live = 40 * MiB;
    await bench.advance(50);
    assert.equal(dog.state, "stopped");
  }
  const stop = () => dog!.stop();

  it("by onFire, logs nothing more and collects nothing", async () => {
    await runsUntil({ onFire: stop });
    assert.deepEqual([bench.collections, bench.log], [0, []]);
  });

  it("by onFire in a dry run, does not ask the policy again", async () => {
    let asked = 0;
    const policy = () => ({ next: 32 * MiB + asked++ });
    await runsUntil({ dryRun: true, policy, onFire: stop });
    assert.equal(asked, 1);
  });

  it("by logger.debug, neither collects nor calls beforeCollect", async () => {
    let called = 0;
    await runsUntil({ logger: { debug: stop }, beforeCollect: () => called++ });
    assert.deepEqual([bench.collections, called], [0, 0]);
  });

  it("by afterCollect, does not ask the policy again", async () => {
    let asked = 0;
    const policy = () => ({ next: 32 * MiB + asked++ });
    await runsUntil({ policy, afterCollect: stop });
    assert.deepEqual([bench.collections, asked], [1, 1]);
  });

  it("by logger.warn, does not call onIneffective", async () => {
    let called = 0;
    await runsUntil({ logger: { warn: stop }, onIneffective: () => called++ });
    assert.deepEqual([bench.collections, called], [1, 0]);
  });
});

describe("after a forced collection, a watchdog", () => {
  it("goes on if a figure is missing then, and keeps its watermark", async () => {
    dog = startDog(bench, {}, {
      gc: () => {
        bench.collect();
        bench.missing = ["cgroupCurrent"];
      },
    });
    bench.garbage = 40 * MiB;
    await bench.advance(20);
    assert.deepEqual([bench.collections, dog.state], [1, "running"]);
    bench.missing = [];
    await bench.advance(100);
    bench.garbage = 60 * MiB;
    await bench.advance(10);
    assert.deepEqual([bench.collections, dog.state], [2, "running"]);
  });

  it("compares later figures with those right after it, not with those of the next tick", async () => {
    dog = startDog(bench);
    bench.live = 50 * MiB;
    await bench.advance(10);
    assert.equal(bench.collections, 1);
    bench.live = 45 * MiB; // before the next tick, by more than 5 % of the limit
    await bench.advance(60);
    assert.equal(bench.collections, 2, "the back-off of 100 ms has ended");
  });

  it("is disabled if the figures after it cannot be read", async () => {
    dog = startDog(bench, {}, { gc: () => bench.failure = mine });
    bench.garbage = LIMIT;
    await bench.advance(10);
    assert.deepEqual(dog.failure, { during: "measuring after a collection", reason: mine });
  });
});
