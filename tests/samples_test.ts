import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { samples, type SamplesOptions } from "../src/samples.ts";
import { CountingAbort, follow, settle } from "./support/async.ts";
import { ManualClock } from "../src/testing/manual_clock.ts";
import { ScriptedSampler } from "./support/scripted_sampler.ts";

class Bench {
  readonly clock = new ManualClock();
  readonly sampler = new ScriptedSampler();
  readonly abort = new CountingAbort();

  start(options: Partial<SamplesOptions> = {}) {
    const { clock, sampler, abort: { signal } } = this;
    return samples({ interval: 100, clock, sampler, signal, ...options } as SamplesOptions);
  }

  assertNothingLeft(): void {
    assert.equal(this.clock.running, 0, "a timer is left");
    assert.equal(this.abort.listeners, 0, "a listener is left");
  }
}

describe("samples()", () => {
  it("yields one snapshot a tick", async () => {
    const bench = new Bench();
    const seen: unknown[] = [];
    const loop = (async () => {
      for await (const info of bench.start()) {
        seen.push(info.processRss);
        if (seen.length === 3) break;
      }
    })();
    for (let i = 0; i < 3; i++) {
      await settle();
      bench.clock.tick(100);
    }
    await loop;
    assert.deepEqual(seen, [1, 2, 3]);
    bench.assertNothingLeft();
  });

  it("does nothing before the first next()", async () => {
    const bench = new Bench();
    const iterator = bench.start({ immediate: true });
    assert.equal(bench.clock.running, 0);
    assert.equal(bench.sampler.taken, 0);
    await iterator.return?.();
    assert.deepEqual(await iterator.next(), { done: true, value: undefined });
    bench.assertNothingLeft();
  });

  it("immediate yields at once", async () => {
    const bench = new Bench();
    for await (const info of bench.start({ immediate: true })) {
      assert.equal(info.processRss, 1);
      break;
    }
    bench.assertNothingLeft();
  });

  it("a slow consumer gets one fresh snapshot for all ticks it missed", async () => {
    const bench = new Bench();
    const iterator = bench.start();
    const first = iterator.next();
    bench.clock.tick(100);
    assert.equal((await first).value?.processRss, 1);
    bench.clock.tick(500);
    assert.equal(bench.sampler.taken, 1, "nothing is sampled while the consumer is busy");
    const second = await iterator.next();
    assert.equal(second.value?.processRss, 2);
    const third = follow(iterator.next());
    await settle();
    assert.equal(third.state, "pending");
    await iterator.return?.();
    await settle();
    assert.equal(third.state, "resolved");
    bench.assertNothingLeft();
  });

  it("return() while a next() waits releases everything at once", async () => {
    const bench = new Bench();
    const iterator = bench.start();
    const waiting = iterator.next();
    await iterator.return?.();
    bench.assertNothingLeft();
    assert.deepEqual(await waiting, { done: true, value: undefined });
  });

  it("throw() releases everything and rejects with the reason", async () => {
    const bench = new Bench();
    const iterator = bench.start();
    void iterator.next();
    await assert.rejects(iterator.throw!(new Error("mine")), /mine/);
    bench.assertNothingLeft();
  });

  it("an error in the loop's body releases everything", async () => {
    const bench = new Bench();
    await assert.rejects(async () => {
      for await (const _ of bench.start({ immediate: true })) throw new Error("body");
    }, /body/);
    bench.assertNothingLeft();
  });

  it("an abort ends the loop without an error, between ticks and during the body", async () => {
    const bench = new Bench();
    const between = follow((async () => {
      for await (const _ of bench.start());
    })());
    await settle();
    bench.abort.abort();
    await settle();
    assert.equal(between.state, "resolved");
    bench.assertNothingLeft();

    const during = new Bench();
    for await (const _ of during.start({ immediate: true })) during.abort.abort();
    during.assertNothingLeft();
  });

  it("a signal aborted before yields nothing", async () => {
    const bench = new Bench();
    bench.abort.abort();
    for await (const _ of bench.start({ immediate: true })) assert.fail("yielded");
    assert.equal(bench.sampler.taken, 0);
    bench.assertNothingLeft();
  });

  it("serves next() calls made ahead in order", async () => {
    const bench = new Bench();
    const iterator = bench.start();
    const ahead = [iterator.next(), iterator.next()];
    bench.clock.tick(100);
    await settle();
    bench.clock.tick(100);
    const results = await Promise.all(ahead);
    assert.deepEqual(results.map((result) => result.value?.processRss), [1, 2]);
    await iterator.return?.();
    bench.assertNothingLeft();
  });

  it("rejects next() with what the sampler threw, and is over", async () => {
    const bench = new Bench();
    const iterator = bench.start({ immediate: true });
    bench.sampler.next = () => {
      throw new Error("sampler");
    };
    await assert.rejects(iterator.next(), /sampler/);
    assert.deepEqual(await iterator.next(), { done: true, value: undefined });
    bench.assertNothingLeft();
  });

  it("refuses bad options at the call", () => {
    assert.throws(() => samples({ interval: 0 }), RangeError);
    assert.throws(() => samples({ interval: "1" as unknown as number }), TypeError);
  });

  it("is released by `await using` as well", async () => {
    const bench = new Bench();
    const iterator = bench.start();
    void iterator.next();
    await (iterator as unknown as AsyncDisposable)[Symbol.asyncDispose]();
    bench.assertNothingLeft();
  });
});
