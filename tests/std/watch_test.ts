// The module as a Deno user would test a policy of their own: @std from JSR,
// with FakeTime driving `watch`. Run by `deno task test:std`, which needs the
// JSR registry; the default test task leaves it out.

import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import {
  MemInfo,
  MiB,
  openSampler,
  sample,
  type Sampler,
  samples,
  watch,
} from "@x/memctl";

/** A sampler that tells a scenario of headroom, one figure a sample. */
function scenario(...headrooms: number[]): Sampler {
  const real = openSampler({ adapter: "runtime" });
  let next = 0;
  return {
    signals: real.signals,
    sample() {
      const systemAvailable =
        headrooms[Math.min(next++, headrooms.length - 1)]!;
      return new MemInfo({ systemAvailable });
    },
    close: () => real.close(),
    [Symbol.dispose]: () => real.close(),
  };
}

describe("watch() under FakeTime", () => {
  let time: FakeTime;
  let stop: AbortController;

  beforeEach(() => {
    time = new FakeTime();
    stop = new AbortController();
  });

  afterEach(() => {
    stop.abort();
    time.restore();
  });

  it("drives a policy tick by tick", async () => {
    using sampler = scenario(100 * MiB, 600 * MiB, 2000 * MiB);
    let workers = 2;
    const seen: number[] = [];
    const done = watch(
      { interval: 1_000, sampler, signal: stop.signal },
      (info) => {
        const headroom = info.headroom()!;
        if (headroom < 512 * MiB) workers = 1;
        else if (headroom > 1024 * MiB) workers = 4;
        seen.push(workers);
      },
    );
    await time.tickAsync(999);
    assertEquals(seen, []);
    await time.tickAsync(1);
    assertEquals(seen, [1]);
    await time.tickAsync(2_000);
    assertEquals(seen, [1, 1, 4]);
    stop.abort();
    await done;
    await time.tickAsync(10_000);
    assertEquals(seen.length, 3);
  });

  it("samples at entry with immediate", async () => {
    using sampler = scenario(1 * MiB);
    const causes: string[] = [];
    const done = watch(
      { interval: 500, immediate: true, sampler, signal: stop.signal },
      (_, { cause }) => void causes.push(cause),
    );
    assertEquals(causes, ["immediate"]);
    time.tick(500);
    assertEquals(causes, ["immediate", "tick"]);
    stop.abort();
    await done;
  });

  it("coalesces the ticks that a slow callback misses", async () => {
    using sampler = scenario(1 * MiB);
    const gate = Promise.withResolvers<void>();
    const coalesced: number[] = [];
    const done = watch(
      { interval: 100, sampler, signal: stop.signal },
      (_, context) => {
        coalesced.push(context.coalesced);
        return coalesced.length === 1 ? gate.promise : undefined;
      },
    );
    await time.tickAsync(400);
    assertEquals(coalesced, [0]);
    gate.resolve();
    await time.runMicrotasks();
    assertEquals(coalesced, [0, 2]);
    stop.abort();
    await done;
  });

  it("rejects with the callback's own error", async () => {
    using sampler = scenario(1 * MiB);
    const error = new Error("policy");
    const done = watch({ interval: 100, sampler, signal: stop.signal }, () => {
      throw error;
    });
    const rejected = assertRejects(() => done);
    await time.tickAsync(100);
    assertStrictEquals(await rejected, error);
  });

  it("refuses an interval that is none", async () => {
    await assertRejects(
      () => watch({ interval: NaN }, () => {}),
      RangeError,
      "'interval'",
    );
  });

  it("samples() ends with its loop", async () => {
    using sampler = scenario(3 * MiB, 2 * MiB, 1 * MiB);
    const seen: (number | undefined)[] = [];
    const loop = (async () => {
      for await (
        const info of samples({ interval: 100, immediate: true, sampler })
      ) {
        seen.push(info.headroom());
        if (seen.length === 2) break;
      }
    })();
    await time.tickAsync(100);
    await loop;
    assertEquals(seen, [3 * MiB, 2 * MiB]);
  });
});

describe("sample()", () => {
  it("reads this process", async () => {
    const info = await sample();
    assert(info.processRss !== undefined && info.processRss > 0);
  });

  it("reads a recorded tree", async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.mkdir(join(folder, "proc"));
      await Deno.writeTextFile(
        join(folder, "proc", "meminfo"),
        "MemTotal: 2048 kB\nMemFree: 1 kB\nMemAvailable: 1024 kB\n",
      );
      const info = await sample({ adapter: "linux", root: folder });
      assertEquals(info.systemAvailable, 1 * MiB);
      assertEquals(info.cgroupLimit, undefined);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });

  it("is documented beside this file", async () => {
    const readme = fromFileUrl(new URL("../../README.md", import.meta.url));
    assert((await Deno.readTextFile(readme)).includes("headroom"));
  });
});
