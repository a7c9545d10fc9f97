// The engine's own collections. They come when they come, so that a scripted
// FinalizationRegistry tells of them here.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { MiB } from "../../src/bytes.ts";
import type { MemInfo } from "../../src/mem_info.ts";
import {
  cgroupDriven,
  type CollectEvent,
  type CommonWatchdogOptions,
  type GcPolicyInput,
  type Watchdog,
  watermarks,
} from "../../watchdog.ts";
import { settle } from "../support/async.ts";
import { LIMIT, WatchdogBench } from "../support/watchdog_bench.ts";

const original = globalThis.FinalizationRegistry;

let bench: WatchdogBench;
let dog: Watchdog | undefined;
/** What the watchdog waits to be told of. */
let registered: number;
let report: (() => void) | undefined;

class ScriptedRegistry {
  constructor(callback: (held: unknown) => void) {
    report = () => callback(undefined);
  }

  register(): void {
    registered++;
  }
}

beforeEach(() => {
  bench = new WatchdogBench();
  registered = 0;
  globalThis.FinalizationRegistry = ScriptedRegistry as never;
});

afterEach(() => {
  globalThis.FinalizationRegistry = original;
  dog?.stop();
  dog = undefined;
  bench.clock.assertIdle();
});

/** The engine tells that it has collected. */
async function collected(): Promise<void> {
  report!();
  await settle();
}

function start(options: CommonWatchdogOptions = {}): Watchdog {
  return dog = cgroupDriven(bench.options({ policy: watermarks([0.5]), ...options }));
}

/** Starts one whose policy lets usage grow by so much from what it was asked about last. */
async function startStepping(step: number, more: CommonWatchdogOptions = {}) {
  const asked: number[] = [];
  const policy = ({ used }: GcPolicyInput) => {
    asked.push(used / MiB);
    return { next: used + step };
  };
  bench.live = 10 * MiB;
  start({ policy, ...more });
  await bench.advance(10);
  assert.deepEqual(asked, [10]);
  return asked;
}

describe("a collection of the engine's own", () => {
  it("is counted and reported, with the figures after it", async () => {
    const events: CollectEvent[] = [];
    const handle = start({ afterCollect: (event) => events.push(event) });
    await settle();
    bench.live = 20 * MiB;
    await collected();
    const event = {
      kind: "engine",
      scope: "cgroup",
      used: 20 * MiB,
      limit: LIMIT,
      freed: 0,
      duration: 0,
    };
    assert.deepEqual(events, [event]);
    await collected();
    assert.deepEqual(events, [event, event]);
    assert.deepEqual([handle.counters.seen, handle.counters.forced], [2, 0]);
    assert.equal(registered, 3, "it waits for the next one each time");
  });

  it("is reported without figures where they are missing, and the policy is not asked", async () => {
    const events: CollectEvent[] = [];
    const asked = await startStepping(MiB, { afterCollect: (event) => events.push(event) });
    bench.missing = ["cgroupCurrent"];
    await collected();
    assert.deepEqual([events[0]!.used, events[0]!.limit], [undefined, undefined]);
    assert.deepEqual([asked, dog!.state], [[10], "running"]);
  });

  it("is told from a forced one, which is reported once", async () => {
    const kinds: string[] = [];
    const handle = start({ afterCollect: ({ kind }) => kinds.push(kind) });
    bench.garbage = LIMIT;
    await bench.advance(10);
    await collected(); // the forced one
    await collected();
    assert.deepEqual(kinds, ["forced", "engine"]);
    assert.equal(handle.counters.seen, 2);
  });

  it("does not move the watermark up", async () => {
    const asked = await startStepping(20 * MiB);
    bench.live = 29 * MiB;
    await collected();
    assert.deepEqual(asked, [10, 29]);
    bench.live = 30 * MiB;
    await bench.advance(10);
    assert.equal(bench.collections, 1);
  });

  it("moves the watermark down", async () => {
    await startStepping(20 * MiB);
    bench.live = 5 * MiB;
    await collected();
    bench.live = 25 * MiB;
    await bench.advance(10);
    assert.equal(bench.collections, 1);
  });

  it("is not seen once the watchdog is stopped", async () => {
    const handle = start();
    await settle();
    handle.stop();
    await collected();
    assert.equal(handle.counters.seen, 0);
    assert.equal(registered, 1, "it waits for no other");
  });

  it("does not ask the policy after a hook that stops the watchdog", async () => {
    const asked = await startStepping(MiB, { afterCollect: () => dog!.stop() });
    await collected();
    assert.deepEqual([dog!.state, asked], ["stopped", [10]]);
  });

  it("disables the watchdog if the figures after it cannot be read", async () => {
    const handle = start();
    await settle();
    bench.failure = new Error("mine");
    await collected();
    assert.equal(handle.state, "disabled");
    assert.deepEqual(handle.failure, {
      during: "measuring after a collection",
      reason: bench.failure,
    });
  });
});

describe("a sampler that needs time after a collection of the engine's own", () => {
  let answer: ((info: MemInfo) => void) | undefined;
  let events: CollectEvent[];

  /** Starts one whose sampler answers when told to, from the second time on. */
  async function startSlow(): Promise<void> {
    let isSlow = false;
    events = [];
    const sampler = bench.samplerWith(() =>
      isSlow ? new Promise((resolve) => answer = resolve) : bench.sampler.sample()
    );
    start({ sampler, afterCollect: (event) => events.push(event) });
    await settle();
    isSlow = true;
    await collected();
    isSlow = false;
  }

  it("is waited for", async () => {
    await startSlow();
    assert.equal(events.length, 0);
    answer!(bench.sampler.sample());
    await settle();
    assert.equal(events.length, 1);
  });

  it("keeps turns and other reports back until then", async () => {
    await startSlow();
    bench.garbage = 40 * MiB;
    await bench.advance(20);
    await collected();
    assert.deepEqual([bench.collections, events.length], [0, 0]);
    assert.equal(dog!.counters.seen, 2);
    answer!(bench.sampler.sample());
    await bench.advance(20);
    assert.equal(bench.collections, 1);
  });

  it("is no more of interest once the watchdog is stopped", async () => {
    await startSlow();
    dog!.stop();
    answer!(bench.sampler.sample());
    await settle();
    assert.equal(events.length, 0);
  });
});
