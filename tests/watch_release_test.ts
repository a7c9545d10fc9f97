// What the clock, the signal and the sampler do wrong must not leave a watch half-released.

import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { nodeFileIo } from "../platform/file_io.ts";
import type { Clock } from "../src/clock.ts";
import { openSampler } from "../src/host/sampling.ts";
import { ManualClock } from "../src/testing/manual_clock.ts";
import type { WatchOptions } from "../src/watch_options.ts";
import { CountingAbort, settle } from "./support/async.ts";
import { openDescriptors } from "./support/temp.ts";
import { Bench } from "./support/watch_bench.ts";

const notLinux = process.platform !== "linux" && "the files of its sampler are Linux's";

/** A manual clock whose `every` is replaced. */
function clockWith(every: (clock: ManualClock, ...args: Parameters<Clock["every"]>) => () => void) {
  const clock = new ManualClock();
  return {
    clock,
    bench: new Bench({
      clock: {
        now: () => clock.now(),
        every: (...args) => every(clock, ...args),
      },
      advance: (milliseconds) => clock.tick(milliseconds),
      running: () => clock.running,
      restore: () => {},
    }),
  };
}

/** Also throws when it is stopped. */
function throwingStop(stop: () => void): () => void {
  return () => {
    stop();
    throw "of a stop function";
  };
}

describe("watch() releases everything", () => {
  it("if the function that stops the ticks throws", async () => {
    for (const during of [false, true]) {
      const { bench } = clockWith((clock, ...args) => throwingStop(clock.every(...args)));
      const gate = Promise.withResolvers<void>();
      if (during) bench.onCall = () => gate.promise;
      bench.start({ wakeOnPressure: true });
      bench.time.advance(100);
      bench.abort.abort(); // throws nothing
      assert.equal(bench.abort.listeners, 0);
      assert.equal(bench.sampler.listeners, 0);
      gate.resolve();
      await settle();
      assert.equal(bench.outcome.reason, "of a stop function");
      bench.assertNothingLeft();
    }
  });

  it("if the function that stops the pressure events throws", async () => {
    const bench = new Bench();
    const listen = bench.sampler.onPressure;
    bench.sampler.onPressure = (wake) => throwingStop(listen.call(bench.sampler, wake));
    bench.start({ wakeOnPressure: true });
    bench.abort.abort();
    await settle();
    assert.equal(bench.outcome.reason, "of a stop function");
    bench.assertNothingLeft();
  });

  it("if the function that stops the timer of the gap throws", async () => {
    const { bench } = clockWith((clock, interval, ...rest) => {
      const stop = clock.every(interval, ...rest);
      return interval === 100 ? stop : throwingStop(stop);
    });
    bench.start({ wakeOnPressure: { minGap: 90 } });
    bench.sampler.press();
    bench.sampler.press();
    assert.equal(bench.time.running(), 2);
    bench.abort.abort();
    await settle();
    assert.equal(bench.outcome.reason, "of a stop function");
    bench.assertNothingLeft();
  });

  it("if the clock fails at a pressure event, after the callback that runs", async () => {
    const { bench } = clockWith((clock, interval, ...rest) => {
      if (interval !== 100) throw "of every";
      return clock.every(interval, ...rest);
    });
    const gate = Promise.withResolvers<void>();
    bench.onCall = () => gate.promise;
    bench.start({ wakeOnPressure: { minGap: 90 } });
    bench.sampler.press();
    bench.sampler.press(); // throws nothing
    await settle();
    assert.equal(bench.outcome.state, "pending");
    gate.resolve();
    await settle();
    assert.equal(bench.outcome.reason, "of every");
    bench.assertNothingLeft();
  });

  it("and keeps the callback's error if the release fails as well", async () => {
    const { bench } = clockWith((clock, ...args) => throwingStop(clock.every(...args)));
    bench.onCall = () => {
      throw "of the callback";
    };
    bench.start();
    bench.time.advance(100);
    await settle();
    assert.equal(bench.outcome.reason, "of the callback");
    bench.assertNothingLeft();
  });

  it("if the clock aborts while it starts the ticks", async () => {
    const { bench } = clockWith((clock, ...args) => {
      bench.abort.abort();
      return clock.every(...args);
    });
    bench.start({ immediate: true, wakeOnPressure: true });
    await settle();
    assert.equal(bench.outcome.state, "resolved");
    assert.equal(bench.sampler.taken, 0);
    bench.assertNothingLeft();
  });

  it("if a signal's addEventListener or removeEventListener throws", async () => {
    for (const method of ["addEventListener", "removeEventListener"] as const) {
      openSampler().close();
      const before = openDescriptors();
      const bench = new Bench();
      const abort = new CountingAbort();
      const original = abort.signal[method].bind(abort.signal);
      abort.signal[method] = (...args: Parameters<AbortSignal["removeEventListener"]>) => {
        if (method === "removeEventListener") original(...args);
        throw "of the signal";
      };
      bench.start({ signal: abort.signal, sampler: undefined, immediate: true });
      abort.abort();
      await settle();
      assert.equal(bench.outcome.reason, "of the signal");
      assert.equal(openDescriptors(), before);
      assert.equal(abort.listeners, 0);
      bench.assertNothingLeft();
    }
  });

  it("if a signal calls its listener at once", async () => {
    const bench = new Bench();
    const { signal } = bench.abort;
    const add = signal.addEventListener;
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      add(...args);
      bench.abort.abort();
    };
    bench.start({ immediate: true });
    await settle();
    assert.equal(bench.outcome.state, "resolved");
    assert.equal(bench.sampler.taken, 0);
    bench.assertNothingLeft();
  });

  it("if its own sampler throws when it is closed", { skip: notLinux }, async () => {
    openSampler({ adapter: "linux" }).close();
    const bench = new Bench();
    const { close } = nodeFileIo;
    let closed = 0;
    // A root that no other test names: files of a root are closed with its last sampler.
    bench.start({ sampler: undefined, root: "/.", wakeOnPressure: true });
    try {
      nodeFileIo.close = (fd) => {
        close(fd);
        if (closed++ === 0) throw "of close";
      };
      bench.abort.abort();
    } finally {
      nodeFileIo.close = close;
    }
    await settle();
    assert.equal(bench.outcome.reason, "of close");
    bench.assertNothingLeft();
  });
});

describe("watch() on a clock that ticks at once", () => {
  /** Its `every` ticks before it returns. */
  const eager = (bench: (clock: ManualClock) => boolean = () => true) =>
    clockWith((clock, interval, tick, unref) => {
      const stop = clock.every(interval, tick, unref);
      if (bench(clock)) tick();
      return stop;
    });

  it("samples after entry, once, and goes on", async () => {
    for (const immediate of [false, true]) {
      const { bench } = eager();
      bench.start({ immediate });
      assert.deepEqual(bench.calls, [
        immediate
          ? { rss: 1, coalesced: 1, cause: "immediate" }
          : { rss: 1, coalesced: 0, cause: "tick" },
      ]);
      bench.time.advance(100);
      assert.equal(bench.calls.length, 2);
      bench.abort.abort();
      await settle();
      assert.equal(bench.outcome.state, "resolved");
      bench.assertNothingLeft();
    }
  });

  it("takes turns without end, not calls within calls", async () => {
    const { bench } = eager();
    let period = 100;
    bench.onCall = () => {
      if (bench.calls.length === 20_000) bench.abort.abort();
    };
    bench.start({ interval: () => period = 201 - period });
    await settle();
    assert.equal(bench.calls.length, 20_000);
    assert.equal(bench.outcome.state, "resolved");
    bench.assertNothingLeft();
  });

  it("delivers an event of the gap at once, and keeps no timer for it", async () => {
    const { bench } = eager((clock) => clock.running > 1);
    bench.start({ wakeOnPressure: { minGap: 90 } });
    bench.sampler.press();
    bench.sampler.press();
    assert.equal(bench.calls.length, 2);
    assert.equal(bench.time.running(), 1);
    bench.abort.abort();
    await settle();
    bench.assertNothingLeft();
  });

  it("keeps its ticks if the clock cannot change them", async () => {
    let calls = 0;
    const { bench } = clockWith((clock, ...args) => {
      if (++calls === 2) throw "of every";
      return clock.every(...args);
    });
    const panics: unknown[] = [];
    const options: Partial<WatchOptions> = {
      interval: (info) => info === undefined ? 100 : 10,
      onPanic: (reason) => void panics.push(reason),
    };
    bench.start(options);
    bench.time.advance(200);
    assert.deepEqual(panics, ["of every"]);
    assert.equal(bench.calls.length, 1);
    bench.time.advance(10);
    assert.equal(bench.calls.length, 2);
    bench.abort.abort();
    await settle();
    assert.equal(bench.outcome.state, "resolved");
    bench.assertNothingLeft();
  });
});
