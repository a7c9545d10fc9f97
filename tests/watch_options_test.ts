import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSampler } from "../src/host/sampling.ts";
import { samples } from "../src/samples.ts";
import { ManualClock } from "../src/testing/manual_clock.ts";
import { watch } from "../src/watch.ts";
import { readWatchOptions, type WatchOptions } from "../src/watch_options.ts";
import { forcedOptions } from "./support/adapter.ts";
import { settle } from "./support/async.ts";
import { counted } from "./support/counted_options.ts";
import { ScriptedSampler } from "./support/scripted_sampler.ts";
import { openDescriptors } from "./support/temp.ts";

/** Every option of `watch`; those of its own sampler must be undefined next to another. */
function allOptions(clock: ManualClock, sampler: ScriptedSampler, signal: AbortSignal) {
  return {
    interval: 100,
    immediate: true,
    signal,
    onPanic: () => {},
    wakeOnPressure: { minGap: 50 },
    unref: true,
    sampler,
    clock,
    usage: undefined,
    adapter: undefined,
    pressure: undefined,
    root: undefined,
  } satisfies WatchOptions;
}

describe("the options of a watch", () => {
  it("are each read once, by watch() and by samples(), inherited and by getter", async () => {
    for (const start of ["watch", "samples"]) {
      const clock = new ManualClock();
      const stop = new AbortController();
      const sampler = new ScriptedSampler();
      const gap = counted({ minGap: 50 });
      const all = { ...allOptions(clock, sampler, stop.signal), wakeOnPressure: gap.options };
      const { options, reads } = counted(all);
      let taken = 0;
      const done = start === "watch" ? watch(options, () => taken++) : (async () => {
        for await (const _ of samples(options)) taken++;
      })();
      await settle();
      for (let i = 0; i < 2; i++) {
        clock.tick(100);
        await settle();
      }
      assert.equal(taken, 3, start);
      stop.abort();
      await done;
      assert.deepEqual(
        Object.fromEntries(reads),
        Object.fromEntries(Object.keys(all).map((name) => [name, 1])),
        start,
      );
      assert.deepEqual([...gap.reads], [["minGap", 1]], start);
    }
  });

  it("of a sampler are each read once as well", () => {
    const { options, reads } = counted({
      usage: "workingSet" as const,
      adapter: "runtime" as const,
      pressure: true,
      root: undefined,
    });
    openSampler(options).close();
    assert.deepEqual([...reads.values()], [1, 1, 1, 1]);
  });

  it("have no effect when they change after the call", async () => {
    const clock = new ManualClock();
    const first = new ScriptedSampler();
    const second = new ScriptedSampler();
    const stop = new AbortController();
    const later = new AbortController();
    const options: WatchOptions & { interval: unknown } = {
      ...allOptions(clock, first, stop.signal),
      immediate: false,
    };
    const panics: string[] = [];
    options.onPanic = () => panics.push("first");
    const calls: string[] = [];
    const one = watch(options, (_, { signal }) => {
      calls.push("first");
      assert.equal(signal, stop.signal);
    });
    options.interval = 10;
    options.signal = later.signal;
    options.sampler = second;
    options.onPanic = () => panics.push("second");
    (options.wakeOnPressure as { minGap: number }).minGap = 0;
    const two = watch(options, () => void calls.push("second"));

    clock.tick(99);
    assert.deepEqual(calls, Array(9).fill("second"));
    clock.tick(1);
    assert.equal(calls.filter((call) => call === "first").length, 1);
    first.next = () => {
      throw new Error("the sampler");
    };
    first.press();
    first.press();
    assert.deepEqual(panics, ["first"], "the gap of the first watch has changed");
    later.abort();
    await two;
    assert.equal(clock.running, 2, "ticks, and the event that is held");
    stop.abort();
    await one;
    clock.assertIdle();
    assert.deepEqual([first.closed, second.closed], [false, false]);
  });

  it("leak nothing if a sampler is set after the call", async () => {
    openSampler(forcedOptions).close();
    const before = openDescriptors();
    const stop = new AbortController();
    const options: WatchOptions = { interval: 60_000, signal: stop.signal, ...forcedOptions };
    const done = watch(options, () => {});
    (options as WatchOptions).sampler = new ScriptedSampler();
    stop.abort();
    await done;
    assert.equal(openDescriptors(), before);
  });

  it("reject the watch if reading one throws", async () => {
    const options = {
      get interval(): number {
        throw new Error("a getter");
      },
    };
    await assert.rejects(watch(options, () => {}), /a getter/);
    assert.throws(() => samples(options), /a getter/);
  });

  it("have the defaults that are documented", () => {
    const { signal, clock, ...settings } = readWatchOptions({ interval: 5, wakeOnPressure: true });
    assert.equal(signal.aborted, false);
    assert.equal(typeof clock.every, "function");
    assert.deepEqual(settings, {
      interval: 5,
      immediate: false,
      onPanic: undefined,
      minGap: 100,
      unref: false,
      sampler: undefined,
      sampling: {
        usage: undefined,
        adapter: undefined,
        pressure: undefined,
        root: undefined,
        limit: undefined,
        pid: undefined,
        fields: undefined,
      },
    });
    for (const wakeOnPressure of [undefined, false]) {
      assert.equal(readWatchOptions({ interval: 5, wakeOnPressure }).minGap, undefined);
    }
  });
});
