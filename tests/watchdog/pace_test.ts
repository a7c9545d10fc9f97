// How often a watchdog polls. The memory is scripted, the time is the test's.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { findForceGc } from "../../platform/force_gc.ts";
import { GiB, MiB } from "../../mod.ts";
import {
  cgroupDriven,
  type CommonWatchdogOptions,
  type Watchdog,
  watermarks,
} from "../../watchdog.ts";
import { WatchdogBench } from "../support/watchdog_bench.ts";

let bench: WatchdogBench;
let dog: Watchdog | undefined;

beforeEach(() => {
  bench = new WatchdogBench();
  bench.limit = 500 * MiB;
  bench.live = 60 * MiB;
});

afterEach(() => dog?.stop());

function start(more: CommonWatchdogOptions = {}): void {
  const { maxInterval: _, ...options } = bench.options({ interval: 25, ...more });
  dog = cgroupDriven({ ...options, maxInterval: more.maxInterval });
}

/** Polls in so many milliseconds, while `each` is called every 5 ms. */
async function pollsIn(milliseconds: number, each: () => void = () => {}): Promise<number> {
  const before = bench.sampler.samples;
  for (let passed = 0; passed < milliseconds; passed += 5) {
    each();
    await bench.advance(5, 5);
  }
  return bench.sampler.samples - before;
}

describe("a watchdog of an idle program", () => {
  it("polls less than twice a second in 500 MiB", async () => {
    start();
    await pollsIn(2_000);
    const polls = await pollsIn(60_000);
    assert.ok(polls >= 60 && polls <= 90, `${polls} polls in a minute`);
  });

  it("polls once a second where there is more room", async () => {
    bench.limit = 4 * GiB;
    start();
    await pollsIn(2_000);
    assert.equal(await pollsIn(60_000), 60);
  });

  it("polls more often the closer usage is to the limit", async () => {
    const polls: number[] = [];
    for (const live of [60, 250, 400]) {
      bench.live = live * MiB;
      start({ policy: watermarks([0.9]) });
      await pollsIn(2_000);
      polls.push(await pollsIn(10_000));
      dog!.stop();
    }
    assert.deepEqual(polls, [...polls].sort((a, b) => a - b));
    assert.ok(polls[2]! > 3 * polls[0]!, String(polls));
  });

  it("polls at a fixed rate if the longest time is the shortest", async () => {
    start({ maxInterval: 25 });
    await pollsIn(2_000);
    assert.equal(await pollsIn(10_000), 400);
  });

  it("polls as slowly as it is told", async () => {
    bench.limit = 16 * GiB;
    start({ maxInterval: 5_000 });
    await pollsIn(20_000);
    assert.equal(await pollsIn(60_000), 12);
  });
});

describe("a watchdog of a program that allocates", () => {
  it("polls at the shortest interval while usage changes", async () => {
    start();
    await pollsIn(2_000);
    bench.elsewhere += 2 * MiB;
    await pollsIn(1_000, () => bench.elsewhere += MiB / 4);
    const polls = await pollsIn(500, () => bench.elsewhere += MiB / 4);
    assert.equal(polls, 20);
  });

  it("doubles the time after each quiet poll", async () => {
    start({ maxInterval: 400 });
    const times: number[] = [];
    let { samples } = bench.sampler;
    await pollsIn(2_000, () => {
      if (bench.sampler.samples > samples) times.push(bench.clock.now());
      ({ samples } = bench.sampler);
    });
    const waits = times.slice(1).map((time, i) => time - times[i]!);
    assert.deepEqual(waits.slice(1, 7), [25, 50, 100, 200, 400, 400]);
  });

  it("collects before growth of 512 MiB/s out of idleness reaches the limit", async () => {
    for (const limit of [128, 300, 500, 2_000]) {
      for (let phase = 0; phase < 1_000; phase += 35) {
        bench = new WatchdogBench();
        bench.limit = limit * MiB;
        bench.live = 50 * MiB;
        start();
        await pollsIn(2_000 + phase);
        let peak = 0;
        while (bench.collections === 0 && bench.used < bench.limit) {
          // In buffers that the engine does not count.
          bench.elsewhere += 5 * 512 / 1_000 * MiB;
          peak = bench.used;
          await bench.advance(5, 5);
        }
        assert.ok(peak < 0.97 * bench.limit, `${peak / MiB} of ${limit} MiB, phase ${phase}`);
        dog!.stop();
      }
    }
  });
});

describe("a collection of the engine", () => {
  const collect = findForceGc();
  const seen = async () => {
    const before = dog!.counters.seen;
    for (let i = 0; dog!.counters.seen === before && i < 200; i++) {
      collect!();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };

  it("ends a long wait at once if memory has changed", async () => {
    start();
    await pollsIn(5_000);
    // More than the first watermark: the poll that follows must collect.
    bench.garbage += 300 * MiB;
    await seen();
    assert.equal(bench.collections, 1);
  });

  it("does not if nothing has changed", async () => {
    bench.limit = 4 * GiB;
    start();
    await pollsIn(5_000);
    await seen();
    assert.ok(dog!.counters.seen > 0);
    assert.equal(await pollsIn(10_000), 10);
  });
});
