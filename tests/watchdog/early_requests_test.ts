// A watchdog whose engine can be asked to collect by itself. The engine is
// scripted here, because only Deno's can be asked.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { MiB } from "../../src/bytes.ts";
import type { Dog } from "../../src/watchdog/dog.ts";
import { EarlyGc } from "../../src/watchdog/early_gc.ts";
import type { CommonWatchdogOptions, FireEvent } from "../../watchdog.ts";
import { startDog } from "../support/dog_bench.ts";
import { LIMIT, WatchdogBench } from "../support/watchdog_bench.ts";

let bench: WatchdogBench;
let dog: Dog | undefined;
let requests: number;
/** What the engine does when it is asked. */
let onRequest: () => boolean;

beforeEach(() => {
  bench = new WatchdogBench();
  bench.live = 10 * MiB;
  requests = 0;
  onRequest = () => true;
});

afterEach(() => {
  dog?.stop();
  dog = undefined;
  bench.clock.assertIdle();
});

/** Starts a watchdog with a watermark at half of 64 MiB, and lets it see the live part. */
async function start(options: CommonWatchdogOptions = {}): Promise<Dog> {
  const early = new EarlyGc(() => {
    requests++;
    return onRequest();
  });
  dog = startDog(bench, { early }, options);
  await bench.advance(10);
  return dog;
}

describe("a watchdog whose engine can be asked to collect", () => {
  it("asks it at the watermark, and forces nothing", async () => {
    const events: FireEvent[] = [];
    const { counters } = await start({ onFire: (event) => events.push(event) });
    assert.equal(counters.fired, 0);
    bench.garbage = 30 * MiB;
    await bench.advance(10);
    assert.equal(requests, 1);
    assert.deepEqual(events, [
      { scope: "cgroup", used: 40 * MiB, limit: LIMIT, watermark: 32 * MiB },
    ]);
    const { fired, requested, forced, held } = dog!.counters;
    assert.deepEqual([fired, requested, forced, held], [1, 1, 0, 0]);
    assert.equal(
      bench.log.at(-1),
      `debug: watchdog: cgroup at ${40 * MiB} of ${LIMIT} bytes, asks the engine`,
    );
  });

  it("neither asks nor fires below the watermark, or while this heap has not grown", async () => {
    await start();
    bench.garbage = 21 * MiB;
    await bench.advance(1_000);
    bench.garbage = 0;
    bench.elsewhere = 40 * MiB;
    await bench.advance(1_000);
    assert.deepEqual([requests, dog!.counters.fired, bench.collections], [0, 0, 0]);
  });

  it("goes on forcing collections near the limit, where there is no time for the engine", async () => {
    await start();
    bench.garbage = 52 * MiB;
    await bench.advance(10);
    assert.deepEqual([requests, bench.collections], [0, 1]);
    bench.garbage = 30 * MiB;
    await bench.advance(2_000);
    assert.deepEqual([requests, bench.collections], [1, 1]);
  });

  it("forces one after two requests that freed nothing, and asks again after it", async () => {
    await start();
    const seen: [number, number][] = [];
    for (const garbage of [24, 36, 43, 47]) {
      bench.garbage = garbage * MiB;
      await bench.advance(400);
      seen.push([requests, bench.collections]);
      if (bench.collections > 0) break;
    }
    assert.deepEqual(seen, [[1, 0], [2, 0], [3, 1]]);
    bench.garbage = 40 * MiB;
    await bench.advance(3_000);
    assert.deepEqual([requests, bench.collections], [4, 1]);
  });

  it("forces collections once the engine cannot be asked", async () => {
    await start();
    onRequest = () => false;
    bench.garbage = 30 * MiB;
    await bench.advance(20);
    assert.deepEqual([requests, bench.collections], [1, 1]);
  });

  it("is disabled, with what it was doing, if asking throws", async () => {
    const mine = new Error("mine");
    await start();
    onRequest = () => {
      throw mine;
    };
    bench.garbage = 30 * MiB;
    await bench.advance(10);
    assert.equal(dog!.state, "disabled");
    assert.deepEqual(dog!.failure, { during: "asking the engine to collect", reason: mine });
  });

  it("needs no logger", async () => {
    await start({ logger: {} });
    bench.garbage = 30 * MiB;
    await bench.advance(10);
    assert.deepEqual([requests, dog!.state], [1, "running"]);
  });

  for (const by of ["onFire", "logger.debug"] as const) {
    it(`does not ask once ${by} has stopped it`, async () => {
      const stop = () => dog!.stop();
      await start(by === "onFire" ? { onFire: stop } : { logger: { debug: stop } });
      bench.garbage = 30 * MiB;
      await bench.advance(10);
      assert.equal(dog!.state, "stopped");
      assert.deepEqual([requests, dog!.counters.requested], [0, 0]);
      assert.equal(bench.log.length, 0, "a stopped watchdog reports nothing");
    });
  }
});
