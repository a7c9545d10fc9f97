// How a watchdog reads and checks its options.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import {
  checkLimit,
  readCommonOptions,
  readGuard,
  readSnapshots,
} from "../../src/watchdog/settings.ts";
import {
  cgroupDriven,
  type CommonWatchdogOptions,
  type GcRateLimitOptions,
  heapDriven,
  type HeapDrivenOptions,
  systemDriven,
  watchdog,
} from "../../watchdog.ts";
import { type BadOption, refusesBadOptions } from "../support/bad_options.ts";
import { counted } from "../support/counted_options.ts";
import { LIMIT, TOTAL, WatchdogBench } from "../support/watchdog_bench.ts";

let bench: WatchdogBench;

beforeEach(() => {
  bench = new WatchdogBench();
});

const heap = (options: Partial<HeapDrivenOptions>) =>
  heapDriven({ ...bench.options(), limit: LIMIT, ...options } as HeapDrivenOptions).stop();

describe("a watchdog", () => {
  const bad = (
    options: Partial<Record<keyof HeapDrivenOptions, unknown>>,
    type: BadOption<unknown>[2],
    message: RegExp,
  ): BadOption<Partial<HeapDrivenOptions>> => {
    const [name] = Object.keys(options);
    return [name!, options as Partial<HeapDrivenOptions>, type, message];
  };
  const directory = "x";

  refusesBadOptions(heap, [
    bad({ interval: 0 }, RangeError, /'interval' must be above 0/),
    bad({ interval: "1" }, TypeError, /'interval' must be a number/),
    bad({ maxInterval: 0 }, RangeError, /'maxInterval' must be above 0/),
    bad({ maxInterval: "1" }, TypeError, /'maxInterval' must be a number/),
    bad(
      { interval: 50, maxInterval: 49 },
      RangeError,
      /'maxInterval' must be at least interval, 50: current value is 49/,
    ),
    bad({ policy: {} }, TypeError, /'policy' must be an object with a method evaluate/),
    bad({ gc: 1 }, TypeError, /'gc' must be a function/),
    bad({ onFire: {} }, TypeError, /'onFire' must be a function/),
    bad({ beforeCollect: {} }, TypeError, /'beforeCollect' must be a function/),
    bad({ afterCollect: {} }, TypeError, /'afterCollect' must be a function/),
    bad({ onIneffective: {} }, TypeError, /'onIneffective' must be a function/),
    bad({ onDisable: {} }, TypeError, /'onDisable' must be a function/),
    bad({ usage: "current" }, TypeError, /'usage' and 'sampler' exclude each other.*"current"/),
    bad({ root: "/" }, TypeError, /'root' and 'sampler' exclude each other.*"\/"/),
    bad({ usage: "all" }, RangeError, /'usage' must be one of/),
    bad({ logger: null }, TypeError, /'logger' must be an object/),
    bad({ logger: 5 }, TypeError, /'logger' must be an object: current value is 5$/),
    ...["debug", "info", "warn", "error"].map((method) =>
      bad(
        { logger: { [method]: "x" } },
        TypeError,
        new RegExp(`'logger.${method}' must be a function: current value is "x"$`),
      )
    ),
    bad({ dryRun: "no" }, TypeError, /'dryRun' must be a boolean/),
    bad({ unref: 1 }, TypeError, /'unref' must be a boolean/),
    bad({ signal: {} }, TypeError, /'signal' must be an AbortSignal/),
    bad({ sampler: {} }, TypeError, /'sampler' must be an object with a method sample/),
    bad({ clock: {} }, TypeError, /'clock' must be an object with a method every/),
    bad({ clock: { every() {} } }, TypeError, /'clock' must be an object with a method now/),
    bad({ growth: true }, TypeError, /'growth' must be an object: current value is true/),
    bad({ growth: { min: 0 } }, RangeError, /'growth.min' must be a whole percent.* 1.* is 0/),
    bad({ growth: { min: 50, max: 20 } }, RangeError, /'growth.max' must be at .* 50.* is 20/),
    bad({ heapSnapshots: 1 }, TypeError, /'heapSnapshots' must be an object/),
    bad({ heapSnapshots: { directory: "" } }, TypeError, /'heapSnapshots.directory' must be a pa/),
    bad({ heapSnapshots: {} }, TypeError, /'heapSnapshots.directory' must be a path.* undefined$/),
    bad({ heapSnapshots: { directory: 5 } }, TypeError, /'heapSnapshots.directory' .* is 5$/),
    ...[0, -1, 1.5].map((max) =>
      bad(
        { heapSnapshots: { directory, max } },
        RangeError,
        new RegExp(`'heapSnapshots.max' must be a whole number above 0: current value is ${max}$`),
      )
    ),
    bad({ heapSnapshots: { directory, at: 0.5 } }, TypeError, /'heapSnapshots.at' .* "50%".* 0.5/),
    bad({ heapSnapshots: { directory, at: "101%" } }, RangeError, /'heapSnapshots.at'.* "101%"/),
    bad({ guard: 1 }, TypeError, /'guard' must be an object/),
    bad({ guard: { minFreed: "0%" } }, RangeError, /'guard.minFreed' must be above 0%/),
  ]);

  it("refuses pressure, which it does not read", () => {
    assert.throws(
      () => cgroupDriven({ pressure: true } as CommonWatchdogOptions),
      { name: "TypeError", message: /'pressure' is not an option of a watchdog.* is true/ },
    );
    assert.throws(
      () => cgroupDriven(bench.options({ sampler: undefined, fields: ["headroom"] } as object)),
      { name: "TypeError", message: /'fields' is not an option of a watchdog.* is an array/ },
    );
  });

  it("starts with good ones, also on their bounds", () => {
    heap({ growth: { min: 5 }, guard: { minFreed: "1.5%" } });
    heap({ policy: { evaluate: () => ({ next: 1 }) } });
    heap({ logger: {} });
    heap({ guard: { minGap: 5, maxGap: 5, minFreed: "100%", maxShare: "100%" } });
    const bounds = { directory, at: "100%", max: 1 } as const;
    assert.deepEqual(readSnapshots(bounds, "heap"), { directory, at: 1, max: 1 });
  });

  for (const limit of [0, -1, NaN, TOTAL + 1, Infinity]) {
    it(`refuses a limit of ${limit}, by the name of its option`, () => {
      const options = bench.options();
      const error = (name: string) => ({
        name: "RangeError",
        message: new RegExp(`^'${name}' must be .*: current value is ${limit}$`),
      });
      assert.throws(() => heap({ limit }), error("limit"));
      assert.throws(() => systemDriven({ ...options, limit }), error("limit"));
      assert.throws(() => watchdog({ ...options, heapLimit: limit }), error("heapLimit"));
    });
  }

  it("refuses a limit that is no number", () => {
    assert.throws(() => heap({ limit: "1" as unknown as number }), TypeError);
    assert.throws(
      () => heap({ limit: TOTAL + 1 }),
      /at most host memory, 1073741824 bytes.*1073741825/,
    );
  });
});

describe("a limit", () => {
  it("lies above 0 and is at most the host's memory, where that is known", () => {
    for (const total of [100, undefined]) {
      checkLimit("limit", 100, total);
      assert.throws(() => checkLimit("limit", 0, total), {
        name: "RangeError",
        message: /'limit' must be above 0 bytes: current value is 0$/,
      });
      assert.throws(() => checkLimit("limit", "1", total), {
        name: "TypeError",
        message: /'limit' must be a number of bytes: current value is "1"$/,
      });
    }
    assert.throws(() => checkLimit("limit", 101, 100), {
      name: "RangeError",
      message: /'limit'.*100 bytes: current value is 101$/,
    });
    checkLimit("limit", 101, undefined);
  });
});

describe("the guard", () => {
  const bad = (
    options: { [name in keyof GcRateLimitOptions]: unknown },
    type: BadOption<unknown>[2],
    message: RegExp,
  ): BadOption<GcRateLimitOptions> => {
    const [name] = Object.keys(options);
    return [name!, options as GcRateLimitOptions, type, message];
  };

  refusesBadOptions(readGuard, [
    bad({ minGap: 0 }, RangeError, /'guard.minGap' must be above 0.*: current value is 0/),
    bad({ minGap: NaN }, RangeError, /'guard.minGap'/),
    bad({ minGap: "5" }, TypeError, /'guard.minGap' must be a number of milliseconds/),
    bad({ maxGap: Infinity }, RangeError, /'guard.maxGap' must be above 0 and finite/),
    bad({ minGap: 10, maxGap: 5 }, RangeError, /'guard.maxGap' must be at least minGap, 10.* is 5/),
    bad({ maxGapNearLimit: 0 }, RangeError, /'guard.maxGapNearLimit' must be above 0/),
    bad({ minFreed: 0.02 }, TypeError, /'guard.minFreed' must be a share such as "2%".* is 0.02/),
    bad({ minFreed: "200%" }, RangeError, /'guard.minFreed' must be above 0% and at most 100%/),
    bad({ maxShare: "150%" }, RangeError, /'guard.maxShare' .*: current value is "150%"$/),
    bad({ maxShare: "0%" }, RangeError, /'guard.maxShare' must be above 0% and at most 100%/),
    bad({ calmShare: "0%" }, RangeError, /'guard.calmShare' must be above 0%/),
    bad({ minFill: 0.5 }, TypeError, /'guard.minFill' must be a share such as "50%".* is 0.5/),
    bad({ maxIneffectiveShare: "0%" }, RangeError, /'guard.maxIneffectiveShare' must be above 0%/),
    bad({ minChange: "-5%" }, RangeError, /'guard.minChange' must be above 0%/),
    bad({ nearLimit: "near" }, TypeError, /'guard.nearLimit' must be a share/),
  ]);

  it("takes shares of what its options name", () => {
    const settings = readGuard({ minFreed: "2.5%", nearLimit: "80%" });
    assert.equal(readGuard({ minGap: 5 }).minGap, 5);
    assert.deepEqual([settings.minFreed, settings.nearLimit], [0.025, 0.8]);
    assert.deepEqual(readGuard(), {
      minGap: 50,
      maxGap: 300_000,
      maxGapNearLimit: 2_000,
      minFreed: 0.05,
      maxShare: 0.5,
      calmShare: 0.08,
      minFill: 0.5,
      maxIneffectiveShare: 0.1,
      minChange: 0.05,
      nearLimit: 0.9,
    });
  });
});

describe("heap snapshots", () => {
  it("are taken up to three times, at half of a container or host or at 90 % of a heap limit", () => {
    for (const [scope, at] of [["cgroup", 0.5], ["system", 0.5], ["heap", 0.9]] as const) {
      assert.deepEqual(readSnapshots({ directory: "x" }, scope), { directory: "x", at, max: 3 });
    }
    assert.equal(readSnapshots(undefined, "heap"), undefined);
  });
});

describe("options are read once", () => {
  /** Every common option but those of the sampler's, with values that differ from the defaults. */
  const common = (): Required<
    Omit<CommonWatchdogOptions, "usage" | "pressure" | "adapter" | "root">
  > =>
    ({
      ...bench.options(),
      policy: () => ({ next: 1 }),
      interval: 10,
      unref: false,
      dryRun: true,
      guard: {},
      onFire() {},
      beforeCollect() {},
      afterCollect() {},
      onIneffective() {},
      onDisable() {},
      heapSnapshots: undefined,
      signal: new AbortController().signal,
    }) as never;

  const ways = {
    cgroupDriven: [cgroupDriven, {}],
    systemDriven: [systemDriven, { limit: LIMIT }],
    heapDriven: [heapDriven, { limit: LIMIT, growth: false }],
    "watchdog with a heap limit": [watchdog, { heapLimit: LIMIT }],
    "watchdog without one": [watchdog, { heapLimit: undefined }],
  } as const;
  for (const [title, [way, more]] of Object.entries(ways)) {
    it(`also by getters of a prototype, in ${title}`, async () => {
      const { options, reads } = counted({ ...common(), ...more });
      const dog = (way as (options: object) => ReturnType<typeof watchdog>)(options);
      bench.garbage = LIMIT;
      await bench.advance(50);
      assert.ok(dog.counters.fired > 0);
      dog.stop();
      for (const [name, times] of reads) assert.equal(times, 1, name);
    });
  }

  it("by the guard, heap snapshots and growth too", () => {
    const guard = counted({ minGap: 1, maxGap: 2, minFreed: "1%", nearLimit: "2%" } as const);
    assert.equal(readGuard(guard.options).maxGap, 2);
    const snapshots = counted({ directory: "x", at: "1%", max: 2 } as const);
    assert.deepEqual(readSnapshots(snapshots.options, "heap"), {
      directory: "x",
      at: 0.01,
      max: 2,
    });
    const growth = counted({ min: 20, max: 30 });
    heap({ growth: growth.options });
    for (const { reads } of [guard, snapshots, growth]) {
      for (const [name, times] of reads) assert.equal(times, 1, name);
    }
  });

  it("so that later changes have no effect", async () => {
    const options = bench.options({ policy: () => ({ next: 1 }), guard: { minGap: 10 } });
    const events: string[] = [];
    options.onFire = () => void events.push("first");
    const dog = cgroupDriven(options);
    options.onFire = () => void events.push("second");
    options.gc = () => assert.fail("replaced");
    options.policy = () => assert.fail("replaced");
    options.guard!.minGap = 1e9;
    options.dryRun = true;
    options.onDisable = () => assert.fail("replaced");
    for (let i = 0; i < 5; i++) {
      bench.garbage = LIMIT;
      await bench.advance(10);
    }
    assert.deepEqual(events, Array(5).fill("first"));
    assert.equal(dog.counters.forced, 5);
    dog.stop();
  });

  it("and undefined means the default", () => {
    const settings = readCommonOptions({ usage: undefined, interval: undefined }, "cgroup");
    assert.equal(settings.sampling.usage, "workingSet");
    assert.equal(settings.interval, 25);
    assert.equal(settings.maxInterval, 1_000);
    assert.equal(readCommonOptions({ interval: 3_000 }, "cgroup").maxInterval, 3_000);
    assert.equal(readCommonOptions({ usage: "current" }, "cgroup").sampling.usage, "current");
  });
});
