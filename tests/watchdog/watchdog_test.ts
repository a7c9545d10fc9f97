import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { findForceGc } from "../../platform/force_gc.ts";
import { MiB } from "../../src/bytes.ts";
import {
  adaptive,
  AlreadyStartedError,
  cgroupDriven,
  type CommonWatchdogOptions,
  heapDriven,
  NotSupportedError,
  systemDriven,
  type Watchdog,
  watchdog,
  watermarks,
} from "../../watchdog.ts";
import { MEMINFO } from "../fixtures/cgroup_trees.ts";
import { settle } from "../support/async.ts";
import { writeTree } from "../support/environments.ts";
import { withTempFolder } from "../support/temp.ts";
import { LIMIT, TOTAL, WatchdogBench } from "../support/watchdog_bench.ts";

let bench: WatchdogBench;
let dog: Watchdog | undefined;

beforeEach(() => {
  bench = new WatchdogBench();
});

afterEach(() => {
  dog?.stop();
  dog = undefined;
  assert.equal(bench.clock.running, 0, "a timer is left");
});

/** Starts a cgroup-driven watchdog in the bench's container. */
function start(options: CommonWatchdogOptions = {}): Watchdog {
  return dog = cgroupDriven(bench.options({ policy: watermarks([0.5, 0.75]), ...options }));
}

describe("a watchdog", () => {
  it("collects when usage reaches the watermark, and not before", async () => {
    const handle = start();
    bench.garbage = 0.5 * LIMIT - 1;
    await bench.advance(100);
    assert.equal(bench.collections, 0);
    bench.garbage++;
    await bench.advance(10);
    assert.equal(bench.collections, 1);
    assert.equal(handle.counters.forced, 1);
    assert.equal(handle.counters.bytesFreed, 0.5 * LIMIT);
  });

  it("goes on to the next watermark when the live part passes one", async () => {
    start({
      policy: watermarks([0.5, 0.75], { pastLast: "disable" }),
      guard: { minFill: "10%" },
    });
    bench.live = 0.6 * LIMIT;
    await bench.advance(500);
    assert.equal(bench.collections, 1);
    bench.garbage = 0.14 * LIMIT;
    await bench.advance(500);
    assert.equal(bench.collections, 1);
    bench.garbage = 0.16 * LIMIT;
    await bench.advance(500);
    assert.equal(bench.collections, 2);
  });

  it("reports its scope, limit, state and counters", async () => {
    bench.pause = 7;
    const handle = start();
    assert.deepEqual([handle.scope, handle.limit, handle.state], ["cgroup", LIMIT, "running"]);
    bench.garbage = 0.8 * LIMIT;
    await bench.advance(10);
    const { counters } = handle;
    assert.equal(counters.fired, 1);
    assert.equal(counters.timeSpent, 7);
    handle.stop();
    handle.stop();
    assert.equal(handle.state, "stopped");
    assert.equal(bench.sampler.closed, false, "an injected sampler was closed");
    bench.garbage = LIMIT;
    await bench.advance(100);
    assert.equal(handle.counters.forced, counters.forced);
  });

  it("follows a limit that changes", async () => {
    const handle = start();
    bench.garbage = 0.4 * LIMIT;
    await bench.advance(50);
    assert.equal(bench.collections, 0);
    bench.limit = LIMIT / 2;
    await bench.advance(20);
    assert.equal(handle.limit, LIMIT / 2);
    assert.equal(bench.collections, 1);
  });

  it("rests while the limit is lifted or a figure is missing", async () => {
    const handle = start();
    bench.limit = Infinity;
    bench.garbage = LIMIT;
    await bench.advance(100);
    bench.limit = LIMIT;
    bench.missing = ["cgroupCurrent"];
    await bench.advance(100);
    assert.deepEqual([bench.collections, handle.state], [0, "running"]);
    bench.missing = [];
    await bench.advance(10);
    assert.equal(bench.collections, 1);
  });

  it("calls its hooks in order, with figures", async () => {
    const calls: [string, unknown][] = [];
    const note = (name: string) => (event: unknown) => void calls.push([name, event]);
    bench.pause = 3;
    start({
      onFire: note("fire"),
      beforeCollect: note("before"),
      afterCollect: note("after"),
      gc: () => {
        calls.push(["gc", undefined]);
        bench.collect();
      },
    });
    bench.live = MiB;
    bench.garbage = 39 * MiB;
    await bench.advance(10);
    const fired = { scope: "cgroup", used: 40 * MiB, limit: LIMIT, watermark: 32 * MiB };
    assert.deepEqual(calls, [
      ["fire", fired],
      ["before", fired],
      ["gc", undefined],
      ["after", {
        kind: "forced",
        scope: "cgroup",
        used: MiB,
        limit: LIMIT,
        freed: 39 * MiB,
        duration: 3,
      }],
    ]);
  });

  it("fires and collects nothing in a dry run", async () => {
    let fired = 0;
    const handle = start({ dryRun: true, onFire: () => fired++ });
    bench.garbage = 0.6 * LIMIT;
    await bench.advance(10);
    assert.deepEqual([fired, bench.collections, handle.counters.forced], [1, 0, 0]);
    bench.garbage = 0.7 * LIMIT;
    await bench.advance(200);
    assert.equal(fired, 1, "the next watermark is further up");
    bench.garbage = 0.76 * LIMIT;
    await bench.advance(10);
    assert.equal(fired, 2);
  });

  it("collects ever more rarely while everything is live: with the logarithm of time", async () => {
    const events: number[] = [];
    const handle = start({
      guard: { minGap: 100, maxGap: 1e9 },
      onIneffective: ({ wait, consecutive, freed }) => {
        assert.equal(consecutive, events.length + 1);
        assert.equal(freed, 0);
        events.push(wait);
      },
    });
    bench.live = 0.8 * LIMIT; // nearer to the limit, the back-off is shorter
    const after: number[] = [];
    for (let seconds = 1, passed = 0; seconds <= 64; seconds *= 2) {
      await bench.advance((seconds - passed) * 1_000, 100);
      passed = seconds;
      after.push(bench.collections);
    }
    // Twice the time is one collection more.
    assert.deepEqual(after.slice(1).map((n, i) => n - after[i]!), [1, 1, 1, 1, 1, 1]);
    assert.deepEqual(events.slice(0, 4), [200, 400, 800, 1_600]);
    assert.equal(handle.counters.ineffective, bench.collections);
    assert.ok(bench.log.some((line) => /warn: .*did not help: 0 bytes freed/.test(line)));
  });

  it("counts what the heap gave back where the kernel's figure lags", async () => {
    bench.garbage = 0.8 * LIMIT;
    const handle = start({
      sampler: bench.samplerWith(() =>
        bench.sampler.sample().with({
          cgroupCurrent: 0.8 * LIMIT,
          heapUsed: bench.used,
          cgroupLimit: LIMIT,
          cgroupWorkingSet: undefined,
          runtimeTotal: undefined,
        })
      ),
    });
    await settle();
    assert.equal(handle.counters.ineffective, 0);
    assert.equal(handle.counters.bytesFreed, 0.8 * LIMIT);
  });

  it("keeps collections to their share of time", async () => {
    bench.pause = 100;
    const handle = start({
      policy: () => ({ next: 0, immediate: true }),
      guard: { maxShare: "20%" },
    });
    for (let i = 0; i < 100; i++) {
      bench.garbage = LIMIT;
      await bench.advance(100);
    }
    // The last one's pause is still to come.
    const share = (handle.counters.timeSpent - bench.pause) / bench.clock.now();
    assert.ok(share > 0.1 && share <= 0.2, `${share}`);
    assert.ok(handle.counters.held > 0);
  });

  it("is stopped by its signal", async () => {
    const stop = new AbortController();
    const handle = start({ signal: stop.signal });
    stop.abort();
    await settle();
    assert.equal(handle.state, "stopped");
    cgroupDriven(bench.options()).stop();
  });

  it("is stopped by using and by await using", async () => {
    const first = start();
    first[Symbol.dispose]();
    assert.equal(first.state, "stopped");
    const second = start();
    await second[Symbol.asyncDispose]();
    assert.equal(second.state, "stopped");
  });

  it("lets the process exit unless told otherwise", () => {
    start();
    assert.equal(bench.clock.referenced, 0);
    dog!.stop();
    start({ unref: false });
    assert.equal(bench.clock.referenced, 1);
  });

  it("waits for a sampler that needs time", async () => {
    const slow = bench.samplerWith(() => Promise.resolve(bench.sampler.sample()));
    dog = systemDriven(bench.options({ sampler: slow, policy: watermarks([0.5]) }));
    assert.equal(dog.limit, undefined);
    bench.garbage = 0.6 * TOTAL;
    await bench.advance(30);
    assert.equal(dog.limit, TOTAL);
    assert.equal(bench.collections, 1);
  });
});

describe("a watchdog disables and reports, instead of crashing the process, when", () => {
  const cases: [string, () => CommonWatchdogOptions, string][] = [
    ["the policy throws", () => ({
      policy: () => {
        throw new Error("mine");
      },
    }), "evaluating the policy"],
    [
      "the policy answers nonsense",
      () => ({ policy: (() => ({})) as never }),
      "evaluating the policy",
    ],
    ["onFire throws", () => ({
      onFire: () => {
        throw new Error("mine");
      },
    }), "calling onFire"],
    ["afterCollect throws", () => ({
      afterCollect: () => {
        throw new Error("mine");
      },
    }), "calling afterCollect"],
    ["gc throws", () => ({
      gc: () => {
        throw new Error("mine");
      },
    }), "collecting"],
  ];
  for (const [title, options, during] of cases) {
    it(title, async () => {
      const reports: string[] = [];
      const handle = start({ ...options(), onDisable: (event) => void reports.push(event.during) });
      bench.garbage = LIMIT;
      await bench.advance(50);
      assert.equal(handle.state, "disabled");
      assert.equal(handle.failure?.during, during);
      assert.ok(handle.failure.reason instanceof Error);
      assert.deepEqual(reports, [during]);
      assert.ok(
        bench.log.some((line) => line.startsWith(`error: watchdog: disabled while ${during}`)),
      );
      assert.equal(bench.clock.running, 0);
      start().stop(); // its place is free
    });
  }

  it("the usage reader throws", async () => {
    const handle = start();
    bench.failure = new Error("mine");
    await bench.advance(20);
    assert.equal(handle.state, "disabled");
    assert.equal(handle.failure?.during, "reading the usage");
    assert.equal(handle.failure.reason, bench.failure);
  });

  it("even the report throws", async () => {
    const handle = start({
      policy: () => {
        throw new Error("first");
      },
      onDisable: () => {
        throw new Error("second");
      },
    });
    await settle();
    assert.equal(handle.state, "disabled");
    assert.ok(handle.failure?.reason instanceof AggregateError);
  });
});

describe("usage", () => {
  const files = {
    "proc/meminfo": MEMINFO,
    "proc/self/status": "VmRSS: 4 kB\n",
    "proc/self/cgroup": "0::/\n",
    "proc/self/mountinfo": "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    "sys/fs/cgroup/memory.max": `${300 * MiB}\n`,
    "sys/fs/cgroup/memory.current": `${100 * MiB}\n`,
    "sys/fs/cgroup/memory.stat": `inactive_file ${30 * MiB}\n`,
  };
  for (const [usage, used] of [[undefined, 70], ["workingSet", 70], ["current", 100]] as const) {
    it(`of ${usage} follows ${used} MiB`, () =>
      withTempFolder((root) => {
        writeTree(root, files);
        const seen: number[] = [];
        const policy = (input: { used: number; limit: number }) => {
          seen.push(input.used / MiB);
          return { next: input.limit };
        };
        const { clock } = bench;
        dog = cgroupDriven({ root, usage, policy, clock, gc: () => {} });
        assert.deepEqual(seen, [used]);
      }));
  }
});

describe("a place for one watchdog", () => {
  it("a second start is refused until the first is stopped", () => {
    const first = start();
    for (
      const again of [
        () => start(),
        () => watchdog(bench.options()),
        () => heapDriven({ ...bench.options(), limit: LIMIT }),
      ]
    ) {
      assert.throws(
        again,
        (error: Error) =>
          error instanceof AlreadyStartedError && error.name === "AlreadyStartedError",
      );
    }
    first.stop();
    start();
  });

  it("a failed start leaves the place free", () => {
    bench.limit = Infinity;
    assert.throws(() => start(), NotSupportedError);
    bench.limit = LIMIT;
    start();
  });
});

describe("the ways to watch", () => {
  it("cgroupDriven names what is missing, so that the caller can fall back", () => {
    bench.limit = Infinity;
    assert.throws(() => start(), {
      name: "NotSupportedError",
      message: /needs a cgroup limit, and none is set/,
    });
    bench.missing = ["cgroupLimit"];
    assert.throws(() => start(), {
      name: "NotSupportedError",
      message: /cgroupDriven needs cgroupLimit/,
    });
  });

  it("systemDriven follows the machine, all of it by default", async () => {
    dog = systemDriven(bench.options({ policy: watermarks([0.5]) }));
    assert.deepEqual([dog.scope, dog.limit], ["system", TOTAL]);
    bench.garbage = 0.6 * TOTAL;
    await bench.advance(10);
    assert.equal(bench.collections, 1);
  });

  it("systemDriven takes a limit", () => {
    dog = systemDriven({ ...bench.options(), limit: 10 * MiB });
    assert.equal(dog.limit, 10 * MiB);
  });

  it("heapDriven follows the heap", async () => {
    dog = heapDriven({ ...bench.options({ policy: adaptive(0.5) }), limit: LIMIT, growth: false });
    assert.deepEqual([dog.scope, dog.limit], ["heap", LIMIT]);
    bench.garbage = 0.51 * LIMIT;
    await bench.advance(10);
    assert.equal(bench.collections, 1);
  });

  it("watchdog() takes the heap if a limit is given, else the container, else the machine", () => {
    dog = watchdog({ ...bench.options(), heapLimit: LIMIT });
    assert.equal(dog.scope, "heap");
    dog.stop();
    dog = watchdog(bench.options());
    assert.equal(dog.scope, "cgroup");
    dog.stop();
    bench.limit = Infinity;
    dog = watchdog(bench.options());
    assert.equal(dog.scope, "system");
    assert.ok(
      bench.log.some((line) => /info: watchdog: cgroupDriven needs a cgroup limit/.test(line)),
    );
    assert.ok(bench.log.some((line) => /info: watchdog: follows the system/.test(line)));
  });

  it("systemDriven without host memory names what is missing", () => {
    bench.missing = ["systemAvailable"];
    assert.throws(() => systemDriven(bench.options()), {
      name: "NotSupportedError",
      message: /systemDriven needs systemAvailable/,
    });
  });
});

describe("on this runtime", () => {
  it("a collection can be forced without a flag at start-up", async () => {
    const collect = findForceGc();
    assert.ok(collect !== undefined);
    const junk = Array.from({ length: 100 }, (_, i) => new WeakRef({ i }));
    await new Promise((resolve) => setTimeout(resolve, 0)); // they live until the task ends
    collect();
    const left = junk.filter((ref) => ref.deref() !== undefined).length;
    assert.ok(left < 10, `${left} of 100 objects are left`); // a stack may still hold some
  });

  it("collections are seen, forced or the engine's own", async () => {
    const kinds: string[] = [];
    const handle = start({
      policy: watermarks([0.99]),
      afterCollect: ({ kind }) => void kinds.push(kind),
    });
    const collect = findForceGc()!;
    for (let i = 0; i < 100 && handle.counters.seen === 0; i++) {
      collect(); // not by the watchdog, so it is one of the engine's own to it
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.ok(handle.counters.seen > 0);
    assert.equal(handle.counters.forced, 0);
    assert.equal(kinds[0], "engine");
  });

  it("an engine's collection does not move the watermark out of reach", async () => {
    start();
    bench.garbage = 0.49 * LIMIT;
    await bench.advance(20);
    bench.garbage = 0.6 * LIMIT; // past the watermark, and then the engine collects a little
    const collect = findForceGc()!;
    for (let i = 0; i < 20; i++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await bench.advance(10);
    assert.equal(bench.collections, 1);
  });
});
