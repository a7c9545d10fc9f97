import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { samples } from "../src/samples.ts";
import { ManualClock } from "../src/testing/manual_clock.ts";
import { watch } from "../src/watch.ts";
import { CountingAbort, follow, settle } from "./support/async.ts";
import { ScriptedSampler } from "./support/scripted_sampler.ts";
import { Bench } from "./support/watch_bench.ts";

describe("watch() with a function for interval", () => {
  it("asks it before the first sample and after each", async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const asked: (number | undefined)[] = [];
    const calls: number[] = [];
    const done = watch({
      interval: (info) => {
        asked.push(info?.processRss);
        return info === undefined ? 100 : 10 * info.processRss!;
      },
      signal: stop.signal,
      sampler: new ScriptedSampler(),
      clock,
    }, () => void calls.push(clock.now()));
    clock.tick(160);
    assert.deepEqual(asked, [undefined, 1, 2, 3, 4]);
    assert.deepEqual(calls, [100, 110, 130, 160]);
    stop.abort();
    await done;
    assert.equal(clock.running, 0);
  });

  it("refuses a bad interval from it, at the start and later", async () => {
    const clock = new ManualClock();
    const sampler = new ScriptedSampler();
    await assert.rejects(watch({ interval: () => 0, clock, sampler }, () => {}), RangeError);
    assert.equal(clock.running, 0);

    const panics: unknown[] = [];
    const stop = new AbortController();
    const interval = () => sampler.taken === 2 ? NaN : 10;
    const done = watch({
      interval,
      clock,
      sampler,
      signal: stop.signal,
      onPanic: (reason) => void panics.push(reason),
    }, () => {});
    clock.tick(40);
    assert.equal(panics.length, 1);
    assert.ok(panics[0] instanceof RangeError);
    assert.equal(sampler.taken, 4, "sampling goes on");
    stop.abort();
    await done;
  });
});

/** Ways in which an interval function fails, and what the watch then reports. */
const FAILURES: [string, () => number, (reason: unknown) => boolean][] = [
  ["throws", () => {
    throw "thrown";
  }, (reason) => reason === "thrown"],
  ["returns NaN", () => NaN, (reason) => reason instanceof RangeError],
  ["returns a string", () => "5" as unknown as number, (reason) => reason instanceof TypeError],
];

describe("watch() whose interval function fails", () => {
  for (const [how, fail, matches] of FAILURES) {
    it(`${how} at entry: rejects without onPanic, and samples nothing`, async () => {
      for (const immediate of [false, true]) {
        const bench = new Bench();
        bench.start({ interval: fail, immediate, wakeOnPressure: true });
        await settle();
        assert.equal(bench.outcome.state, "rejected");
        assert.ok(matches(bench.outcome.reason), `${bench.outcome.reason}`);
        assert.equal(bench.sampler.taken, 0);
        bench.assertNothingLeft();
      }
    });

    it(`${how} at entry: calls onPanic, and samples every second until it succeeds`, async () => {
      const bench = new Bench();
      const panics: unknown[] = [];
      let works = false;
      bench.start({
        interval: () => works ? 10 : fail(),
        onPanic: (reason) => void panics.push(reason),
      });
      assert.equal(panics.length, 1);
      assert.ok(matches(panics[0]));
      bench.time.advance(999);
      assert.equal(bench.sampler.taken, 0);
      bench.time.advance(1);
      assert.equal(panics.length, 2, "it is asked again with the snapshot");
      assert.equal(bench.calls.length, 0);
      works = true;
      bench.time.advance(1_000);
      assert.equal(bench.calls.length, 1);
      bench.time.advance(20);
      assert.equal(bench.calls.length, 3);
      bench.abort.abort();
      await settle();
      assert.equal(bench.outcome.state, "resolved");
      bench.assertNothingLeft();
    });

    it(`${how} at entry with immediate: samples once onPanic has settled`, async () => {
      const bench = new Bench();
      const gate = Promise.withResolvers<void>();
      bench.start({
        interval: (info) => info === undefined ? fail() : 10,
        immediate: true,
        onPanic: () => gate.promise,
      });
      await settle();
      assert.equal(bench.sampler.taken, 0);
      gate.resolve();
      await settle();
      assert.deepEqual(bench.calls, [{ rss: 1, coalesced: 0, cause: "immediate" }]);
      bench.time.advance(10);
      assert.equal(bench.calls.length, 2);
      bench.abort.abort();
    });

    it(`${how} later: keeps the period, without a call for that snapshot`, async () => {
      const bench = new Bench();
      const panics: unknown[] = [];
      bench.start({
        interval: () => bench.sampler.taken === 1 ? fail() : 100,
        onPanic: (reason) => void panics.push(reason),
      });
      bench.time.advance(300);
      assert.equal(panics.length, 1);
      assert.deepEqual(bench.calls.map((call) => call.rss), [2, 3]);
      bench.abort.abort();
      await settle();
      bench.assertNothingLeft();
    });
  }

  it("rejects with what onPanic throws at entry", async () => {
    const bench = new Bench();
    bench.start({
      interval: () => NaN,
      onPanic: () => {
        throw "of onPanic";
      },
    });
    await settle();
    assert.equal(bench.outcome.reason, "of onPanic");
    bench.assertNothingLeft();
  });
});

describe("watch() whose interval function aborts", () => {
  /** How it goes on after the abort. */
  const ENDS: [string, (signal: AbortSignal) => number, string][] = [
    ["returns", () => 50, "resolved"],
    ["returns the same interval", () => 100, "resolved"],
    ["returns a bad interval", () => NaN, "rejected"],
    ["throws the reason", (signal) => {
      throw signal.reason;
    }, "resolved"],
    ["throws another error", () => {
      throw new Error("other");
    }, "rejected"],
  ];
  for (const [how, end, state] of ENDS) {
    for (const at of [0, 1, 2]) {
      const when = at === 0 ? "at entry" : `after sample ${at}`;
      it(`and ${how} ${when}: is ${state}, and no timer is left`, async () => {
        for (const immediate of [false, true]) {
          const bench = new Bench();
          bench.start({
            immediate,
            wakeOnPressure: true,
            interval: () => {
              if (bench.sampler.taken < at) return 100;
              bench.abort.abort();
              return end(bench.abort.signal);
            },
          });
          bench.time.advance(1_000);
          await settle();
          assert.equal(bench.outcome.state, state);
          assert.equal(bench.sampler.taken, at);
          assert.equal(bench.calls.length, Math.max(0, at - 1), "called after the abort");
          bench.assertNothingLeft();
        }
      });

      it(`and ${how} ${when}: samples() is ${state}, and no timer is left`, async () => {
        const clock = new ManualClock();
        const sampler = new ScriptedSampler();
        const stop = new CountingAbort();
        const interval = () => {
          if (sampler.taken < at) return 100;
          stop.abort();
          return end(stop.signal);
        };
        let yielded = 0;
        const outcome = follow((async () => {
          for await (const _ of samples({ interval, clock, sampler, signal: stop.signal })) {
            yielded++;
          }
        })());
        for (let i = 0; i < 4; i++) {
          await settle();
          clock.tick(100);
        }
        await settle();
        assert.equal(outcome.state, state);
        assert.equal(yielded, Math.max(0, at - 1));
        assert.equal(stop.listeners, 0);
        clock.assertIdle();
      });
    }
  }
});
