import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MiB } from "../../mod.ts";
import { withRetirement } from "../support/retire_bench.ts";

const LIMIT = 500 * MiB;

/** A container whose use grows by this process: MiB at a second. */
function container(used: (second: number) => number) {
  return (at: number) => {
    const bytes = used(at / 1_000) * MiB;
    return { cgroupLimit: LIMIT, cgroupCurrent: bytes, processRss: bytes - 50 * MiB };
  };
}

describe("retire() because of a level", () => {
  it("retires once headroom was low for 10 s, with the reason", () =>
    withRetirement(container((s) => s < 20 ? 100 : 490), {}, async (bench) => {
      await bench.pass(29.5);
      assert.deepEqual(bench.causes, []);
      await bench.pass(1);
      assert.deepEqual(bench.causes, ["level"]);
      assert.equal(
        bench.reasons[0]!.detail,
        "headroom is 10.0MiB, and has been below 5% for 10 s",
      );
      assert.equal(bench.reasons[0]!.info?.headroom(), 10 * MiB);
      assert.equal(bench.collections, 1);
      assert.equal(bench.retirement.ready, false);
    }));

  it("does not retire while some samples are above it", () =>
    withRetirement(
      container((s) => s < 20 ? 100 : s % 9 < 8 ? 490 : 400),
      { trend: false },
      async (bench) => {
        await bench.pass(200);
        assert.deepEqual(bench.causes, []);
        assert.equal(bench.collections, 0);
      },
    ));

  it("takes bytes, and a time of its own", () =>
    withRetirement(
      container((s) => s < 20 ? 100 : 401),
      { level: { headroom: 100 * MiB, for: 1_000 } },
      async (bench) => {
        await bench.pass(22);
        assert.deepEqual(bench.causes, ["level"]);
        assert.match(bench.reasons[0]!.detail, /below 100\.0MiB for 1 s$/);
      },
    ));

  it("does not retire with `level: false`", () =>
    withRetirement(container((s) => s < 20 ? 100 : 499), { level: false }, async (bench) => {
      await bench.pass(120);
      assert.deepEqual(bench.causes, []);
    }));

  it("does not retire while headroom is unknown", () =>
    withRetirement(() => ({ processRss: 100 * MiB }), {}, async (bench) => {
      await bench.pass(120);
      assert.deepEqual([bench.causes, bench.errors], [[], []]);
    }));

  it("does not retire within minUptime", () =>
    withRetirement(
      container((s) => s < 1 ? 100 : 490),
      { minUptime: 60_000 },
      async (bench) => {
        await bench.pass(60);
        assert.deepEqual(bench.causes, []);
        await bench.pass(1);
        assert.deepEqual(bench.causes, ["level"]);
      },
    ));
});

describe("retire() because of the heap", () => {
  /** Half of a container, as Node's heap is by default: MiB of heap in use at a second. */
  const heap = (used: (second: number) => number) => (at: number) => ({
    ...container((s) => 100 + used(s))(at),
    heapLimit: 250 * MiB,
    heapUsed: used(at / 1_000) * MiB,
  });

  it("retires although half of the container is free", () =>
    withRetirement(heap((s) => s < 20 ? 50 : 245), {}, async (bench) => {
      await bench.pass(31);
      const [{ cause, ceiling, detail, info } = {}] = bench.reasons;
      assert.deepEqual([cause, ceiling], ["level", "heap"]);
      assert.equal(
        detail,
        "headroom of the heap is 5.0MiB, and has been below 5% for 10 s",
      );
      assert.equal(info?.headroom(), 155 * MiB);
    }));

  it("retires while seconds are left", () =>
    withRetirement(heap((s) => 50 + 2 * s), { level: false }, async (bench) => {
      await bench.pass(100);
      assert.deepEqual(bench.reasons.map(({ ceiling }) => ceiling), ["heap"]);
      assert.match(bench.reasons[0]!.detail, /^headroom of the heap is .* are left$/);
    }));

  it("does not retire because of garbage", async () => {
    let freed = 0;
    let now = 0;
    const used = (second: number) => {
      now = second;
      return 50 + Math.min(198, (second - freed) * 6);
    };
    await withRetirement(heap(used), {}, async (bench) => {
      await bench.pass(300);
      assert.deepEqual(bench.reasons, []);
      assert.ok(bench.collections > 0);
    }, () => freed = now);
  });

  it("does not retire where its limit is unknown, as in Bun", () =>
    withRetirement(
      (at) => ({ ...heap(() => 249)(at), heapLimit: undefined }),
      {},
      async (bench) => {
        await bench.pass(60);
        assert.deepEqual(bench.reasons, []);
      },
    ));
});

describe("retire() because of a trend", () => {
  it("retires while seconds are left, in a container of 256 MiB that grows by 5 MiB a second", () =>
    withRetirement(
      (at) => {
        const used = (150 + 5 * at / 1_000) * MiB;
        return { cgroupLimit: 256 * MiB, cgroupCurrent: used, processRss: used };
      },
      {},
      async (bench) => {
        await bench.pass(14);
        assert.deepEqual(bench.causes, ["trend"]);
        const { detail, info } = bench.reasons[0]!;
        assert.match(detail, /shrinks by 5\.0MiB a second, so that \d+(\.\d)? s are left$/);
        // Enough for a grace time of 5 s.
        assert.ok(info!.headroom()! > 35 * MiB, detail);
      },
    ));

  it("does not retire while minutes are left", () =>
    withRetirement(container((s) => 100 + s), { level: false }, async (bench) => {
      await bench.pass(370);
      assert.deepEqual(bench.causes, []);
      await bench.pass(20);
      assert.deepEqual(bench.causes, ["trend"]);
    }));

  it("does not retire with `trend: false`", () =>
    withRetirement(
      container((s) => Math.min(499, 100 + 5 * s)),
      { trend: false, level: false },
      async (bench) => {
        await bench.pass(120);
        assert.deepEqual(bench.causes, []);
      },
    ));
});

const broken = { on: false };

describe("retire() because of ineffective garbage collections", () => {
  const counters = { forced: 0, ineffective: 0 };
  const watchdog = { counters };
  const used = container((s) => s < 20 ? 100 : 460);

  it("retires when they were ineffective for 30 s and headroom is low", async () => {
    Object.assign(counters, { forced: 5, ineffective: 5 });
    const rules = { ineffective: { watchdog }, level: false, trend: false } as const;
    await withRetirement(used, rules, async (bench) => {
      await bench.pass(25);
      Object.assign(counters, { forced: 7, ineffective: 7 });
      await bench.pass(30);
      assert.deepEqual(bench.causes, []);
      await bench.pass(1.5);
      assert.deepEqual(bench.causes, ["ineffective"]);
      assert.match(bench.reasons[0]!.detail, /2 forced garbage collections in 30 s/);
    });
  });

  it("begins again after an effective one", async () => {
    Object.assign(counters, { forced: 0, ineffective: 0 });
    const rules = { ineffective: { watchdog }, level: false, trend: false } as const;
    await withRetirement(used, rules, async (bench) => {
      for (let i = 0; i < 20; i++) {
        counters.forced++;
        if (i % 4 > 0) counters.ineffective++;
        await bench.pass(9);
      }
      assert.deepEqual(bench.causes, []);
    });
  });

  it("does not retire while there is headroom, however many are ineffective", async () => {
    Object.assign(counters, { forced: 0, ineffective: 0 });
    const rules = { ineffective: { watchdog }, level: false, trend: false } as const;
    await withRetirement(container(() => 440), rules, async (bench) => {
      for (let i = 0; i < 20; i++) {
        counters.forced++;
        counters.ineffective++;
        await bench.pass(9);
      }
      assert.deepEqual(bench.causes, []);
    });
  });

  it("reports a watchdog that throws once", () =>
    withRetirement(used, {
      ineffective: {
        watchdog: {
          get counters(): { forced: number; ineffective: number } {
            if (broken.on) throw new Error("broken");
            return { forced: 0, ineffective: 0 };
          },
        },
      },
    }, async (bench) => {
      broken.on = true;
      await bench.pass(5);
      broken.on = false;
      assert.deepEqual(bench.errors.map(String), ["Error: broken"]);
    }));
});
