import assert from "node:assert/strict";
import { describe, it } from "node:test";
import vm from "node:vm";
import { MiB } from "../../mod.ts";
import { Collector } from "../../src/http/collector.ts";
import { ManualClock } from "../../testing.ts";

/** A process whose memory is what the test says. */
class Bench {
  readonly clock = new ManualClock();
  used = 100 * MiB;
  own = 10 * MiB;
  /** Milliseconds that a collection takes, and bytes that it frees. */
  pause = 0;
  freed = 0;
  readonly collector = new Collector(true, () => {
    this.clock.block(this.pause);
    this.used -= this.freed;
  }, this.clock);

  /** Asks for a collection. */
  ask(idle = false): boolean {
    const { used, own } = this;
    return this.collector.collect({ used, own, left: undefined, whole: NaN }, idle);
  }

  /** Asks each millisecond; the time between the starts of two collections. */
  gaps(count: number, { idle = false, grows = 0 } = {}): number[] {
    const starts: number[] = [];
    while (starts.length <= count) {
      const start = this.clock.now();
      if (this.ask(idle)) starts.push(start);
      this.clock.tick(1);
      this.used += grows;
    }
    return starts.slice(1).map((start, i) => start - starts[i]!);
  }
}

describe("the pace of forced GCs while requests are rejected", () => {
  it("is at most forty a second while they help", () => {
    const bench = new Bench();
    bench.freed = 25 * MiB;
    assert.deepEqual(bench.gaps(5, { grows: MiB }), [25, 25, 25, 25, 25]);
  });

  it("leaves three quarters of the time to the program", () => {
    const bench = new Bench();
    bench.pause = 100;
    bench.freed = 401 * MiB;
    bench.used = 900 * MiB;
    for (const gap of bench.gaps(3, { grows: MiB })) assert.equal(gap, 400);
  });

  it("halves while they free nothing, to one in ten seconds", () => {
    assert.deepEqual(new Bench().gaps(11), [
      50,
      100,
      200,
      400,
      800,
      1_600,
      3_200,
      6_400,
      10_000,
      10_000,
      10_000,
    ]);
  });

  it("halves to one a second while no request is in flight", () => {
    const gaps = new Bench().gaps(8, { idle: true });
    assert.deepEqual(gaps, [50, 100, 200, 400, 800, 1_000, 1_000, 1_000]);
  });

  it("starts over once usage has moved by twice what a collection must free", () => {
    for (const [own, move] of [[10, 2], [64, 4]] as const) {
      for (const direction of [1, -1]) {
        const bench = new Bench();
        bench.own = own * MiB;
        bench.gaps(6);
        bench.clock.tick(30);
        assert.equal(bench.ask(), false);
        bench.used += direction * (move * MiB - 1);
        assert.equal(bench.ask(), false, `${own} MiB, ${direction}`);
        bench.used += direction;
        assert.equal(bench.ask(), true, `${own} MiB, ${direction}`);
      }
    }
  });

  it("falls again from forty a second on once usage has moved", () => {
    const bench = new Bench();
    bench.gaps(6);
    bench.used += 2 * MiB;
    bench.clock.tick(30);
    assert.deepEqual(bench.gaps(3), [50, 100, 200]);
  });

  it("counts memory that the engine returns up to 25 ms later as freed", () => {
    /** When the second collection comes, if usage falls so many ms after the first. */
    const next = (delay: number) => {
      const bench = new Bench();
      bench.clock.tick(5_000);
      assert.equal(bench.ask(), true);
      for (let after = 1;; after++) {
        bench.clock.tick(1);
        if (after === delay) bench.used -= MiB;
        if (bench.ask()) return after;
      }
    };
    assert.equal(next(1), 25);
    assert.equal(next(25), 25);
    assert.equal(next(26), 50);
  });

  it("does not fall by collections that free 1 MiB, or a 32nd of what the process holds", () => {
    for (const [own, effect] of [[10, 1], [32, 1], [64, 2]] as const) {
      const next = (freed: number) => {
        const bench = new Bench();
        bench.own = own * MiB;
        bench.freed = freed;
        return bench.gaps(1)[0];
      };
      assert.equal(next(effect * MiB), 25, `${own} MiB`);
      assert.equal(next(effect * MiB - 1), 50, `${own} MiB`);
    }
  });

  it("does not wait for a clock that was set back", () => {
    let now = 1_000;
    const collector = new Collector(true, () => {}, { now: () => now });
    const ask = () => collector.collect({ used: 1, own: 1, left: undefined, whole: NaN }, false);
    assert.equal(ask(), true);
    assert.equal(ask(), false);
    now = 0;
    assert.equal(ask(), true);
  });
});

describe("forced GCs while requests are rejected", () => {
  const shortage = { used: 1, own: 1, left: undefined, whole: NaN };

  it("end where the runtime has no way to collect", { skip: "Bun" in globalThis }, () => {
    const { runInNewContext } = vm;
    const globals = globalThis as { gc?: unknown };
    const { gc } = globals;
    let looked = 0;
    delete globals.gc;
    vm.runInNewContext = () => void looked++;
    try {
      const clock = new ManualClock();
      const collector = new Collector(true, undefined, clock);
      for (let i = 0; i < 3; i++) {
        assert.equal(collector.collect(shortage, false), false);
        clock.tick(60_000);
      }
      assert.equal(looked, 1);
    } finally {
      vm.runInNewContext = runInNewContext;
      if (gc !== undefined) globals.gc = gc;
    }
  });

  it("can be switched off", () => {
    let calls = 0;
    const collector = new Collector(false, () => void calls++, new ManualClock());
    assert.equal(collector.collect(shortage, false), false);
    assert.equal(calls, 0);
  });

  it("end where one throws, and whoever asked learns of it", () => {
    const clock = new ManualClock();
    let calls = 0;
    const collector = new Collector(true, () => {
      calls++;
      throw new Error("no more");
    }, clock);
    assert.throws(() => collector.collect(shortage, false), /no more/);
    clock.tick(60_000);
    assert.equal(collector.collect(shortage, false), false);
    assert.equal(calls, 1);
  });
});
