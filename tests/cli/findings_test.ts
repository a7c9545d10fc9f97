import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findingsOf, type RuntimeName } from "../../src/cli/findings.ts";
import { MemInfo, type MemInfoInit, MiB, type Signal, type Signals } from "../../mod.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";

/** A container in which nothing is amiss. */
const GOOD: MemInfoInit = {
  systemTotal: 8000 * MiB,
  systemAvailable: 6000 * MiB,
  processRss: 80 * MiB,
  heapUsed: 10 * MiB,
  heapLimit: 300 * MiB,
  cgroupLimit: 500 * MiB,
  cgroupCurrent: 120 * MiB,
  cgroupWorkingSet: 100 * MiB,
};

function find(
  change: MemInfoInit = {},
  signal: Partial<Record<keyof Signals, Partial<Signal>>> = {},
  runtime: RuntimeName = "node",
): string[] {
  const init = { ...GOOD, ...change };
  const { signals } = new ScenarioSampler(new ManualClock(), [{ ...init, at: 0 }]);
  const changed = Object.fromEntries(
    Object.entries(signals).map(([name, value]) => [
      name,
      { ...value, ...signal[name as keyof Signals] },
    ]),
  ) as Signals;
  return findingsOf(new MemInfo(init), changed, { runtime, environment: {} })
    .map(({ severity, id, message, advice }) => `${severity} ${id}: ${message} > ${advice}`);
}

describe("what the doctor finds", () => {
  it("is nothing where nothing is amiss", () => {
    assert.deepEqual(find(), []);
  });

  const cases: [string, string[], RegExp][] = [
    [
      "a heap that may outgrow the container, in Node",
      find({ heapLimit: 4000 * MiB }),
      /^problem heap-above-container: .*of Node grow to 3\.9GiB\. 460\.0MiB .* 500\.0MiB .* > Set these/,
    ],
    [
      "the same in Deno",
      find({ heapLimit: 4000 * MiB }, {}, "deno"),
      /of Deno grow to 3\.9GiB\. .* > Set these variables before it starts, as "memctl exec/,
    ],
    [
      "Bun, which has no heap limit",
      find({ heapLimit: undefined }, {}, "bun"),
      /^advice no-heap-limit: .*watchdog\(\)/,
    ],
    [
      "page cache in the count",
      find({ cgroupCurrent: 400 * MiB }),
      /^advice page-cache: 300\.0MiB .* > .*usage: "workingSet"$/,
    ],
    [
      "a throttle limit",
      find({}, { cgroupLimit: { throttleAt: 400 * MiB } }),
      /^advice throttled: .*400\.0MiB on, before its limit of 500\.0MiB/,
    ],
    [
      "a container without limit",
      find({ cgroupLimit: Infinity }),
      /^note no-limit: there is no container limit/,
    ],
    [
      "a limit that cannot be told",
      find({ cgroupLimit: undefined }, { cgroupLimit: { reason: "mounted elsewhere" } }),
      /^advice limit-unknown: .*mounted elsewhere/,
    ],
    [
      "an uncertain limit",
      find({}, { cgroupLimit: { note: "uncertain: not its own level" } }),
      /^advice uncertain: the container's limit is uncertain: not its own level/,
    ],
    [
      "an estimate",
      find({}, { cgroupCurrent: { estimate: true } }),
      /^advice estimate: .*resident set/,
    ],
    [
      "want of memory",
      find({ cgroupCurrent: 490 * MiB, cgroupWorkingSet: 480 * MiB }),
      /^problem short: only 20\.0MiB of 500\.0MiB are left/,
    ],
    [
      "pressure",
      find({
        pressure: {
          some: { avg10: 12.5, avg60: 1, avg300: 1, total: 1 },
          full: { avg10: 0, avg60: 0, avg300: 0, total: 0 },
        },
      }),
      /^problem pressure: tasks waited for memory 12\.5 %/,
    ],
  ];
  for (const [name, found, expected] of cases) {
    it(`is ${name}`, () => {
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0]!, expected);
    });
  }

  it("is Deno's sandbox once, whatever it keeps away", () => {
    const kept = { available: false, reason: "Deno needs --allow-all to read /proc/meminfo" };
    const found = find({ cgroupLimit: undefined }, {
      systemAvailable: kept,
      cgroupLimit: kept,
    }, "deno");
    assert.equal(found.length, 1);
    assert.match(
      found[0]!,
      /^problem permissions: .*: systemAvailable, cgroupLimit > .*--allow-all/,
    );
  });
});
