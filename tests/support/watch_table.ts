// The table of the callback contract, one test a row. It runs on the manual
// clock, and once more on each runtime's own fake timers.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemInfo } from "../../src/mem_info.ts";
import { watch, type WatchCallback } from "../../src/watch.ts";
import { settle } from "./async.ts";
import { Bench, type Time } from "./watch_bench.ts";

/** Declares the table. */
export function describeWatchTable(name: string, makeTime: () => Time): void {
  const row = (title: string, test: (bench: Bench) => void | Promise<void>) =>
    it(title, async () => {
      const bench = new Bench(makeTime());
      try {
        await test(bench);
        bench.abort.abort();
        await settle();
        bench.assertNothingLeft();
      } finally {
        bench.time.restore();
      }
    });

  describe(name, () => {
    const intervals: [unknown, ErrorConstructor, RegExp][] = [
      ["100", TypeError, /'interval' must be a number of milliseconds.*"100"/],
      [undefined, TypeError, /'interval' must be a number of milliseconds.*undefined/],
      [null, TypeError, /'interval' must be a number of milliseconds.*null/],
      [5n, TypeError, /'interval' must be a number of milliseconds.*5/],
      [NaN, RangeError, /'interval' must be above 0.*NaN/],
      [0, RangeError, /'interval' must be above 0.*0/],
      [-1, RangeError, /'interval' must be above 0.*-1/],
      [Infinity, RangeError, /'interval' must be above 0.*Infinity/],
      [2 ** 31, RangeError, /'interval' must be above 0 and at most 2147483647.*2147483648/],
    ];
    for (const [interval, error, message] of intervals) {
      row(
        `an interval of ${
          String(interval)
        } (${typeof interval}) is rejected and nothing is sampled`,
        async (bench) => {
          bench.start({ interval: interval as number, immediate: true });
          await settle();
          assert.equal(bench.outcome.state, "rejected");
          assert.ok(bench.outcome.reason instanceof error, String(bench.outcome.reason));
          assert.match(bench.outcome.reason.message, message);
          assert.equal(bench.sampler.taken, 0);
        },
      );
    }

    row("an interval of 2^31-1 is taken", async (bench) => {
      bench.start({ interval: 2 ** 31 - 1 });
      await settle();
      assert.equal(bench.outcome.state, "pending");
    });

    row("a callback that is not a function is rejected", async (bench) => {
      const { sampler, time: { clock } } = bench;
      const options = { interval: 100, immediate: true, sampler, clock };
      for (const callback of [undefined, null, "f", {}]) {
        await assert.rejects(
          watch(options, callback as unknown as WatchCallback),
          (error: Error) =>
            error instanceof TypeError && /'callback' must be a function/.test(error.message),
        );
      }
      assert.equal(sampler.taken, 0);
    });

    row("a signal aborted before the call resolves without a call", async (bench) => {
      bench.abort.abort();
      bench.start({ immediate: true });
      await settle();
      assert.equal(bench.outcome.state, "resolved");
      assert.equal(bench.sampler.taken, 0);
    });

    row("without immediate, the first sample is at the first tick", (bench) => {
      bench.start();
      bench.time.advance(99);
      assert.equal(bench.calls.length, 0);
      bench.time.advance(1);
      assert.deepEqual(bench.calls, [{ rss: 1, coalesced: 0, cause: "tick" }]);
    });

    row("immediate samples at entry, then one interval later", (bench) => {
      bench.start({ immediate: true });
      assert.deepEqual(bench.calls, [{ rss: 1, coalesced: 0, cause: "immediate" }]);
      bench.time.advance(99);
      assert.equal(bench.calls.length, 1);
      bench.time.advance(1);
      assert.deepEqual(bench.calls[1], { rss: 2, coalesced: 0, cause: "tick" });
    });

    row("every tick is one call while callbacks return at once", async (bench) => {
      bench.start();
      for (let i = 0; i < 3; i++) {
        bench.time.advance(100);
        await settle();
      }
      assert.deepEqual(bench.calls.map((call) => call.rss), [1, 2, 3]);
      assert.deepEqual(bench.calls.map((call) => call.coalesced), [0, 0, 0]);
    });

    row(
      "ticks due while a callback runs become exactly one, right after it settles",
      async (bench) => {
        const gate = Promise.withResolvers<void>();
        bench.onCall = () => bench.calls.length === 1 ? gate.promise : undefined;
        bench.start();
        bench.time.advance(100);
        bench.time.advance(300);
        await settle();
        assert.equal(bench.calls.length, 1, "calls overlapped");
        gate.resolve();
        await settle();
        assert.deepEqual(bench.calls[1], { rss: 2, coalesced: 2, cause: "tick" });
        assert.equal(bench.calls.length, 2);
        bench.time.advance(100);
        await settle();
        assert.deepEqual(bench.calls[2], { rss: 3, coalesced: 0, cause: "tick" });
      },
    );

    row("one tick due while a callback runs is late, not coalesced", async (bench) => {
      const gate = Promise.withResolvers<void>();
      bench.onCall = () => bench.calls.length === 1 ? gate.promise : undefined;
      bench.start();
      bench.time.advance(200);
      gate.resolve();
      await settle();
      assert.deepEqual(bench.calls[1], { rss: 2, coalesced: 0, cause: "tick" });
    });

    row("a tick during an asynchronous sample coalesces as well", async (bench) => {
      const gate = Promise.withResolvers<void>();
      bench.sampler.next = (info) => gate.promise.then(() => info);
      bench.start();
      bench.time.advance(400);
      await settle();
      assert.equal(bench.sampler.taken, 1, "samples overlapped");
      gate.resolve();
      await settle();
      assert.deepEqual(bench.calls, [
        { rss: 1, coalesced: 0, cause: "tick" },
        { rss: 2, coalesced: 2, cause: "tick" },
      ]);
    });

    row(
      "an event loop blocked over several intervals is followed by one call, not a burst",
      async (bench) => {
        bench.onCall = () => {
          if (bench.calls.length === 1) bench.time.advance(500); // the callback itself blocks
        };
        bench.start({ immediate: true });
        await settle();
        assert.deepEqual(bench.calls, [
          { rss: 1, coalesced: 0, cause: "immediate" },
          { rss: 2, coalesced: 4, cause: "tick" },
        ]);
      },
    );

    row("an abort between ticks resolves at once and leaves nothing", async (bench) => {
      bench.start();
      bench.time.advance(100);
      await settle();
      bench.abort.abort();
      assert.equal(bench.abort.listeners, 0);
      assert.equal(bench.time.running() ?? 0, 0);
      await Promise.resolve();
      assert.equal(bench.outcome.state, "resolved");
    });

    row(
      "an abort during a callback lets it finish, drops the pending tick, then resolves",
      async (bench) => {
        const gate = Promise.withResolvers<void>();
        bench.onCall = () => gate.promise;
        bench.start();
        bench.time.advance(250);
        bench.abort.abort();
        await settle();
        assert.equal(bench.outcome.state, "pending", "the callback was not waited for");
        assert.equal(bench.abort.listeners, 0);
        gate.resolve();
        await settle();
        assert.equal(bench.outcome.state, "resolved");
        assert.equal(bench.calls.length, 1);
      },
    );

    row("an abort inside a callback that returns at once ends the watch", async (bench) => {
      bench.onCall = () => bench.abort.abort();
      bench.start();
      bench.time.advance(300);
      await settle();
      assert.equal(bench.outcome.state, "resolved");
      assert.equal(bench.calls.length, 1);
    });

    row(
      "an abort during an asynchronous sample resolves at once; its result is dropped",
      async (bench) => {
        const gate = Promise.withResolvers<void>();
        bench.sampler.next = (info) => gate.promise.then(() => info);
        bench.start();
        bench.time.advance(100);
        bench.abort.abort();
        await settle();
        assert.equal(bench.outcome.state, "resolved");
        gate.reject(new Error("too late to matter"));
        await settle();
        assert.equal(bench.calls.length, 0);
      },
    );

    for (
      const [how, fail] of [
        ["throws", (reason: unknown) => {
          throw reason;
        }],
        ["rejects", (reason: unknown) => Promise.reject(reason)],
      ] as const
    ) {
      row(`a callback that ${how} rejects the watch with that very value`, async (bench) => {
        const reason = { not: "even an error" };
        bench.onCall = () => fail(reason);
        bench.start();
        bench.time.advance(100);
        await settle();
        assert.equal(bench.outcome.state, "rejected");
        assert.equal(bench.outcome.reason, reason);
        bench.assertNothingLeft();
      });

      row(`a callback that ${how} during the immediate sample rejects as well`, async (bench) => {
        const reason = new Error("at once");
        bench.onCall = () => fail(reason);
        bench.start({ immediate: true });
        await settle();
        assert.equal(bench.outcome.reason, reason);
      });

      row(
        `a callback that ${how} goes to onPanic, and sampling goes on at the next tick`,
        async (bench) => {
          const reason = new Error("bug");
          const panics: unknown[] = [];
          bench.onCall = () => bench.calls.length === 1 ? fail(reason) : undefined;
          bench.start({ onPanic: (value) => void panics.push(value) });
          bench.time.advance(100);
          await settle();
          assert.deepEqual(panics, [reason]);
          assert.equal(bench.calls.length, 1);
          bench.time.advance(100);
          await settle();
          assert.equal(bench.calls.length, 2);
          assert.equal(bench.outcome.state, "pending");
        },
      );

      row(`an onPanic that ${how} rejects the watch with that`, async (bench) => {
        const reason = new Error("from onPanic");
        bench.onCall = () => {
          throw new Error("from the callback");
        };
        bench.start({ onPanic: () => fail(reason) });
        bench.time.advance(100);
        await settle();
        assert.equal(bench.outcome.state, "rejected");
        assert.equal(bench.outcome.reason, reason);
        bench.assertNothingLeft();
      });

      row(`an injected sampler that ${how} rejects the watch`, async (bench) => {
        const reason = new Error("sampler");
        bench.sampler.next = () => fail(reason) as Promise<MemInfo>;
        bench.start();
        bench.time.advance(100);
        await settle();
        assert.equal(bench.outcome.reason, reason);
        assert.equal(bench.calls.length, 0);
        bench.assertNothingLeft();
      });

      row(
        `an injected sampler that ${how} goes to onPanic, and sampling goes on`,
        async (bench) => {
          const panics: unknown[] = [];
          bench.sampler.next = () => fail("sampler") as Promise<MemInfo>;
          bench.start({ onPanic: (value) => void panics.push(value) });
          bench.time.advance(100);
          await settle();
          bench.time.advance(100);
          await settle();
          assert.deepEqual(panics, ["sampler"]);
          assert.deepEqual(bench.calls.map((call) => call.rss), [2]);
        },
      );
    }

    row("ticks due while onPanic runs become one after it", async (bench) => {
      const gate = Promise.withResolvers<void>();
      bench.onCall = () => {
        if (bench.calls.length === 1) throw new Error("bug");
      };
      bench.start({ onPanic: () => gate.promise });
      bench.time.advance(300);
      await settle();
      assert.equal(bench.calls.length, 1);
      gate.resolve();
      await settle();
      assert.deepEqual(bench.calls[1], { rss: 2, coalesced: 1, cause: "tick" });
    });

    for (const onPanic of [undefined, () => assert.fail("onPanic was called")]) {
      const title = onPanic === undefined ? "" : ", with onPanic too";
      row(`a callback that rejects with the signal's reason is the stop${title}`, async (bench) => {
        const gate = Promise.withResolvers<void>();
        bench.onCall = () => gate.promise;
        bench.start({ onPanic });
        bench.time.advance(100);
        bench.abort.abort();
        gate.reject(bench.abort.signal.reason);
        await settle();
        assert.equal(bench.outcome.state, "resolved");
      });
    }

    row("a callback that rejects after an abort still rejects the watch", async (bench) => {
      const gate = Promise.withResolvers<void>();
      bench.onCall = () => gate.promise;
      bench.start();
      bench.time.advance(100);
      bench.abort.abort();
      gate.reject("late");
      await settle();
      assert.equal(bench.outcome.reason, "late");
    });

    row(
      "a source that cannot be read is undefined in that sample, and sampling goes on",
      async (bench) => {
        bench.sampler.next = (info) => info.with({ processRss: undefined });
        bench.start();
        bench.time.advance(100);
        await settle();
        bench.time.advance(100);
        await settle();
        assert.deepEqual(bench.calls.map((call) => call.rss), [undefined, 2]);
      },
    );

    row("a jump of the system clock does not move the ticks", async (bench) => {
      const now = Date.now;
      try {
        bench.start();
        bench.time.advance(50);
        Date.now = () => now() - 86_400_000;
        bench.time.advance(50);
        Date.now = () => now() + 86_400_000;
        bench.time.advance(100);
        await settle();
      } finally {
        Date.now = now;
      }
      assert.equal(bench.calls.length, 2);
    });

    row("the context hands the signal on", async (bench) => {
      let seen: AbortSignal | undefined;
      bench.onCall = (_, context) => void (seen = context.signal);
      bench.start({ immediate: true });
      await settle();
      assert.equal(seen, bench.abort.signal);
    });
  });
}
