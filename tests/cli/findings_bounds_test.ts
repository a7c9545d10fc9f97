import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GiB, MemInfo, type MemInfoInit, MiB, type Signal, type Signals } from "../../mod.ts";
import { type Finding, findingsOf, type RuntimeName } from "../../src/cli/findings.ts";
import { plan } from "../../plan.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";

/** A container in which nothing is amiss. */
const GOOD: MemInfoInit = {
  systemTotal: 8 * GiB,
  systemAvailable: 6 * GiB,
  heapUsed: 10 * MiB,
  heapLimit: 500 * MiB,
  cgroupLimit: 1_000 * MiB,
  cgroupCurrent: 500 * MiB,
  cgroupWorkingSet: 500 * MiB,
};

function find(
  change: MemInfoInit = {},
  signal: Partial<Record<keyof Signals, Partial<Signal>>> = {},
  runtime: RuntimeName = "node",
): Finding[] {
  const init = { ...GOOD, ...change };
  const { signals } = new ScenarioSampler(new ManualClock(), [{ ...init, at: 0 }]);
  const changed = { ...signals } as Record<string, Signal>;
  for (const [name, value] of Object.entries(signal)) {
    changed[name] = { ...changed[name]!, ...value };
  }
  const subject = { runtime, environment: {} };
  return findingsOf(new MemInfo(init), changed as unknown as Signals, subject);
}
/** A container that no runtime fits. */
const TINY = { cgroupLimit: 20 * MiB, cgroupCurrent: MiB, cgroupWorkingSet: MiB };
const ids = (...args: Parameters<typeof find>) => find(...args).map(({ id }) => id);
const pressure = (avg10: number) => {
  const none = { avg10: 0, avg60: 0, avg300: 0, total: 0 };
  return { pressure: { some: { ...none, avg10 }, full: none } };
};

describe("the bounds of what the doctor finds", () => {
  it("page cache counts from a tenth of the limit on", () => {
    assert.deepEqual(ids({ cgroupWorkingSet: 401 * MiB }), []);
    assert.deepEqual(ids({ cgroupWorkingSet: 400 * MiB }), ["page-cache"]);
  });

  it("page cache needs a limit, the usage and the working set", () => {
    const much = { cgroupWorkingSet: 1 };
    assert.deepEqual(ids({ ...much, cgroupLimit: Infinity }), ["no-limit"]);
    assert.ok(!ids({ ...much, cgroupLimit: undefined }).includes("page-cache"));
    assert.deepEqual(ids({ ...much, cgroupCurrent: undefined }), []);
    assert.deepEqual(ids({ cgroupWorkingSet: undefined }), []);
  });

  it("nothing is short where no headroom is known", () => {
    const nothing = Object.fromEntries(Object.keys(GOOD).map((name) => [name, undefined]));
    assert.ok(!ids(nothing).includes("short"));
  });

  it("a heap and page cache without a known limit are not compared with it", () => {
    const open = { cgroupLimit: undefined, heapLimit: undefined, cgroupWorkingSet: 1 };
    assert.deepEqual(ids(open, {}, "bun"), ["limit-unknown"]);
  });

  it("headroom is short below a tenth of the limit", () => {
    const used = (mib: number) => ({ cgroupCurrent: mib * MiB, cgroupWorkingSet: mib * MiB });
    assert.deepEqual(ids(used(900)), []);
    assert.deepEqual(ids(used(901)), ["short"]);
    assert.deepEqual(ids({ ...used(1), cgroupLimit: Infinity, systemAvailable: 0.7 * GiB }), [
      "no-limit",
      "short",
    ]);
  });

  it("tasks may wait a tenth of the time", () => {
    assert.deepEqual(ids(pressure(10)), []);
    assert.deepEqual(ids(pressure(10.01)), ["pressure"]);
  });

  it("a heap may be as large as the plan, and a problem above the container", () => {
    const { heap, young } = plan(1_000 * MiB, { runtime: "node" }).runtimes.node!;
    const rounded = heap + young + 8 * MiB;
    assert.deepEqual(ids({ heapLimit: rounded }), []);
    assert.deepEqual(ids({ heapLimit: rounded + 1 }), ["heap-above-plan"]);
    assert.deepEqual(ids({ heapLimit: 1_000 * MiB }), ["heap-above-plan"]);
    assert.deepEqual(ids({ heapLimit: 1_000 * MiB + 1 }), ["heap-above-container"]);
    assert.deepEqual(ids({ heapLimit: 9 * GiB, cgroupLimit: Infinity }), ["no-limit"]);
    assert.ok(
      !ids({ heapLimit: 9 * GiB, cgroupLimit: undefined }).includes("heap-above-container"),
    );
  });

  it("a heap without a limit is Bun's, and matters in a container with one", () => {
    assert.deepEqual(ids({ heapLimit: undefined }, {}, "bun"), ["no-heap-limit"]);
    assert.deepEqual(ids({ heapLimit: undefined }, {}, "node"), []);
    assert.deepEqual(ids({ heapLimit: undefined, cgroupLimit: Infinity }, {}, "bun"), ["no-limit"]);
  });

  it("a note that says nothing of uncertainty is none", () => {
    assert.deepEqual(ids({}, { cgroupLimit: { note: "stated by the user" } }), []);
    assert.deepEqual(ids({}, { cgroupLimit: { note: "not uncertain" } }), []);
  });

  it("a limit that Deno keeps away is not one that cannot be told", () => {
    const kept = { available: false, reason: "Deno needs --allow-all to read /sys" };
    assert.deepEqual(ids({}, { cgroupLimit: kept }, "deno"), ["permissions"]);
  });

  it("a limit that cannot be told, and nobody says why, is told so", () => {
    const [finding] = find({}, { cgroupLimit: { available: false } });
    assert.equal(finding!.id, "limit-unknown");
  });

  it("a limit that cannot be told has a reason", () => {
    const [finding] = find({ cgroupLimit: undefined }, {
      cgroupLimit: { available: false, reason: "it is mounted elsewhere" },
    });
    assert.match(finding!.message, /: it is mounted elsewhere$/);
  });
});

describe("each finding", () => {
  const found: [string, Finding["severity"], Finding[], RegExp][] = [
    [
      "permissions",
      "problem",
      find({}, { processRss: { reason: "Deno needs --allow-all" } }, "deno"),
      /--allow-all.*--allow-sys=systemMemoryInfo/,
    ],
    ["limit-unknown", "advice", find({ cgroupLimit: undefined }), /cgroup/],
    [
      "uncertain",
      "advice",
      find({}, { cgroupLimit: { note: "uncertain: x" } }),
      /\/sys\/fs\/cgroup/,
    ],
    ["throttled", "advice", find({}, { cgroupLimit: { throttleAt: 600 * MiB } }), /memory\.high/],
    ["heap-above-container", "problem", find({ heapLimit: GiB }), /watchdog/],
    ["heap-above-plan", "advice", find({ heapLimit: 999 * MiB }), /memctl exec/],
    ["limit-too-small", "problem", find({ ...TINY }), /raise/],
    ["no-heap-limit", "advice", find({ heapLimit: undefined }, {}, "bun"), /watchdog/],
    ["page-cache", "advice", find({ cgroupWorkingSet: 1 }), /workingSet/],
    ["short", "problem", find({ cgroupCurrent: GiB, cgroupWorkingSet: GiB }), /limit/],
    ["pressure", "problem", find(pressure(50)), /limit/],
  ];
  for (const [id, severity, [finding, ...more], advice] of found) {
    it(`says how bad it is and what to change: ${id}`, () => {
      assert.deepEqual(more, []);
      assert.deepEqual([finding!.id, finding!.severity], [id, severity]);
      assert.match(finding!.message, /\w+ \w+/);
      assert.match(finding!.advice!, advice);
    });
  }

  it("needs no advice where there is nothing to change", () => {
    const [none] = find({ cgroupLimit: Infinity });
    assert.deepEqual([none!.id, none!.severity, none!.advice], ["no-limit", "note", undefined]);
    assert.match(none!.message, /limit/);
    const [estimate] = find({}, { cgroupCurrent: { estimate: true } });
    assert.deepEqual([estimate!.id, estimate!.advice], ["estimate", undefined]);
    assert.match(estimate!.message, /estimate.*other processes/);
  });

  it("tells that the kernel drops page cache before an OOM kill", () => {
    assert.match(find({ cgroupWorkingSet: 1 })[0]!.message, /500\.0MiB.*drops.*OOM kill/);
  });

  it("tells sizes as people read them", () => {
    const throttled = (cgroupLimit: number | undefined) =>
      find({ cgroupLimit }, { cgroupLimit: { throttleAt: 64 * MiB } })
        .find(({ id }) => id === "throttled")!.message;
    assert.match(throttled(1_000 * MiB), /64\.0MiB.*1000\.0MiB/);
    assert.match(throttled(Infinity), /64\.0MiB.*none/);
    assert.match(throttled(undefined), /64\.0MiB.*unknown/);
    const [heap] = find({ heapLimit: 2 * GiB });
    assert.match(heap!.message, /2\.0GiB.*1000\.0MiB/);
  });
});
