// What a sampler reads that was asked for some fields only.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openEngine } from "../../platform/engine.ts";
import { RECHECK_PERIOD } from "../../platform/linux/cgroup.ts";
import { LinuxReader } from "../../platform/linux/linux_reader.ts";
import { RuntimeSampler } from "../../platform/runtime_sampler.ts";
import { wantedOf } from "../../src/fields.ts";
import { MiB, type SamplerOptions } from "../../mod.ts";
import { SIGNAL_NAMES } from "../../src/mem_info.ts";
import { fullReading } from "../support/full_reading.ts";
import { MemoryIo } from "../support/memory_io.ts";

const MEMINFO = `MemTotal: 1048576 kB\nMemFree: 1 kB\nMemAvailable: 524288 kB\n`;

/** A cgroup v2 with two levels, of which the outer one is effective. */
const TREE = {
  "proc/meminfo": MEMINFO,
  "proc/self/statm": "1 25600 1\n",
  "proc/self/status": "VmRSS: 102400 kB\n",
  "proc/self/cgroup": "0::/pod/app\n",
  "proc/self/mountinfo": "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
  "sys/fs/cgroup/pod/memory.max": `${300 * MiB}\n`,
  "sys/fs/cgroup/pod/memory.current": `${200 * MiB}\n`,
  "sys/fs/cgroup/pod/memory.stat": `inactive_file ${50 * MiB}\n`,
  "sys/fs/cgroup/pod/app/memory.max": `${400 * MiB}\n`,
  "sys/fs/cgroup/pod/app/memory.current": `${150 * MiB}\n`,
  "sys/fs/cgroup/pod/app/memory.stat": `inactive_file ${40 * MiB}\n`,
};
const UNLIMITED = {
  ...TREE,
  "sys/fs/cgroup/pod/memory.max": "max\n",
  "sys/fs/cgroup/pod/app/memory.max": "max\n",
};

let engineCalls = 0;
const engine = openEngine({
  memoryUsage: () => {
    engineCalls++;
    return { rss: 100 * MiB, heapTotal: 40 * MiB, heapUsed: 30 * MiB, external: 5 * MiB };
  },
});

/** The second of two samples with these options: its fields, reads and engine calls. */
function second(
  files: Record<string, string>,
  options: SamplerOptions,
  enough = Infinity,
): { info: Record<string, unknown>; reads: string[]; calls: number; reasons: object } {
  const io = new MemoryIo(files);
  const reader = new LinuxReader("/", io, engine);
  const reading = reader.readingOf(wantedOf(options));
  reader.sample(reading, enough);
  io.calls.length = engineCalls = 0;
  const info = reader.sample(reading, enough);
  const reads = io.calls.map((call) => call.replace("read /sys/fs/cgroup/", ""));
  const signals = reader.signals(reading);
  const known = SIGNAL_NAMES.filter((name) => info[name] !== undefined);
  for (const name of SIGNAL_NAMES) {
    assert.equal(signals[name].available, info[name] !== undefined, name);
  }
  reader.close();
  return {
    info: Object.fromEntries(known.map((name) => [name, Number(info[name]) / MiB])),
    reads,
    calls: engineCalls,
    reasons: Object.fromEntries(SIGNAL_NAMES.map((name) => [name, signals[name].reason])),
  };
}

describe("a sampler for headroom alone", () => {
  const fields = ["headroom"] as const;

  it("reads limit and usage of each level, and nothing else", () => {
    const { info, reads, calls } = second(TREE, { fields });
    assert.deepEqual(info, { cgroupCurrent: 200, cgroupLimit: 300 });
    assert.deepEqual(reads, [
      "pod/app/memory.max",
      "pod/app/memory.current",
      "pod/memory.max",
      "pod/memory.current",
    ]);
    assert.equal(calls, 0);
  });

  it("reads the working set too if that is the usage", () => {
    const { info, reads } = second(TREE, { fields, usage: "workingSet" });
    assert.deepEqual(info, { cgroupCurrent: 200, cgroupLimit: 300, cgroupWorkingSet: 150 });
    assert.equal(reads.filter((file) => file.endsWith("memory.stat")).length, 2);
  });

  it("reads the host's memory where no limit is effective, and no usage then", () => {
    const { info, reads, calls } = second(UNLIMITED, { fields, usage: "workingSet" });
    assert.deepEqual(info, { systemAvailable: 512, systemTotal: 1024, cgroupLimit: Infinity });
    assert.deepEqual(reads, ["pod/app/memory.max", "pod/memory.max", "read /proc/meminfo"]);
    assert.equal(calls, 0);
  });

  it("estimates by the resident set where the usage cannot be read", () => {
    const {
      "sys/fs/cgroup/pod/memory.current": _,
      "sys/fs/cgroup/pod/app/memory.current": __,
      ...files
    } = TREE;
    const io = new MemoryIo(files);
    const reader = new LinuxReader("/", io, engine);
    const all = reader.sample(fullReading(reader, false), Infinity);
    const headroom = reader.sample(reader.readingOf(wantedOf({ fields })), Infinity);
    assert.equal(headroom.headroom(), 200 * MiB);
    assert.equal(headroom.headroom(), all.headroom());
    reader.close();
  });

  it("explains what was not asked for, and what was not needed", () => {
    const { reasons } = second(TREE, { fields });
    assert.deepEqual(reasons, {
      systemAvailable: "not read: headroom does not need it while a cgroup limit is effective",
      systemTotal: "not read: headroom does not need it while a cgroup limit is effective",
      processRss: 'not asked for: name "processRss" in fields',
      runtimeTotal: 'not asked for: name "runtimeTotal" in fields',
      heapUsed: 'not asked for: name "heapUsed" in fields',
      heapLimit: 'not asked for: name "heapLimit" in fields',
      cgroupCurrent: undefined,
      cgroupLimit: undefined,
      cgroupWorkingSet: 'not asked for: set usage to "workingSet"',
      pressure: "not asked for: set pressure to true",
    });
  });

  it("compares the limit with the host's memory, read once in five seconds", () => {
    const real = Date.now;
    let now = 1_000_000;
    Date.now = () => now;
    try {
      const io = new MemoryIo(TREE);
      const reader = new LinuxReader("/", io, engine);
      const reading = reader.readingOf(wantedOf({ fields }));
      const readsOfMeminfo = () => io.calls.filter((call) => call === "read /proc/meminfo").length;
      for (let i = 0; i < 5; i++) reader.sample(reading, Infinity);
      assert.equal(readsOfMeminfo(), 1);
      // The host shrinks below the outer level's limit.
      io.files.set(
        "/proc/meminfo",
        new TextEncoder().encode("MemTotal: 204800 kB\nMemAvailable: 1 kB\n"),
      );
      now += RECHECK_PERIOD;
      assert.equal(reader.sample(reading, Infinity).cgroupLimit, Infinity);
      assert.equal(readsOfMeminfo(), 2);
      reader.close();
    } finally {
      Date.now = real;
    }
  });
});

describe("headroom that is enough by the usage alone", () => {
  const options = { fields: ["headroom"], usage: "workingSet" } as const;

  it("leaves memory.stat unread at that level", () => {
    const { info, reads } = second(TREE, options, 100 * MiB);
    assert.deepEqual(info, { cgroupCurrent: 200, cgroupLimit: 300 });
    assert.ok(!reads.some((file) => file.endsWith("memory.stat")), reads.join());
  });

  it("is not enough one byte below", () => {
    const { info, reads } = second(TREE, options, 100 * MiB + 1);
    assert.equal(info.cgroupWorkingSet, 150);
    assert.deepEqual(reads.filter((file) => file.endsWith("memory.stat")), ["pod/memory.stat"]);
  });
});

describe("a sampler for other fields", () => {
  it("asks only the engine for the heap", () => {
    const { info, reads, calls } = second(TREE, { fields: ["heapUsed"] });
    assert.deepEqual(info, { heapUsed: 30 });
    assert.deepEqual(reads, []);
    assert.equal(calls, 1);
  });

  it("reads only /proc/meminfo for the host", () => {
    const { info, reads } = second(TREE, { fields: ["systemTotal"] });
    assert.deepEqual(info, { systemTotal: 1024 });
    assert.deepEqual(reads, ["read /proc/meminfo"]);
  });

  it("reads only one file for the resident set", () => {
    const { info, reads, calls } = second(TREE, { fields: ["processRss"] });
    assert.deepEqual(Object.keys(info), ["processRss"]);
    assert.equal(reads.length, 1);
    assert.equal(calls, 0);
  });

  it("reads the usage without a limit only if it is named", () => {
    const { info } = second(UNLIMITED, { fields: ["headroom", "cgroupCurrent"] });
    assert.equal(info.cgroupCurrent, 150);
    assert.equal(second(UNLIMITED, { fields: ["cgroupLimit"] }).info.cgroupCurrent, undefined);
  });
});

describe("the runtime's sampler", () => {
  it("gives the fields that were asked for", () => {
    const host = {
      engine,
      memoryUsage: () => ({ rss: 100 * MiB }),
      system: { source: "test", read: () => ({ total: 1024 * MiB, available: 512 * MiB }) },
      constrainedMemory: () => 300 * MiB,
      systemReason: "no reason",
      cgroupReason: "no reason",
    };
    const known = (options: SamplerOptions, constrained = true) => {
      const sampler = new RuntimeSampler({
        ...host,
        constrainedMemory: constrained ? host.constrainedMemory : undefined,
      }, options);
      const info = sampler.sample();
      const { signals } = sampler;
      const names = SIGNAL_NAMES.filter((name) => info[name] !== undefined);
      assert.deepEqual(SIGNAL_NAMES.filter((name) => signals[name].available), names);
      return names;
    };
    assert.deepEqual(known({ fields: ["headroom"] }), ["cgroupCurrent", "cgroupLimit"]);
    assert.deepEqual(known({ fields: ["headroom"] }, false), ["systemAvailable", "systemTotal"]);
    assert.deepEqual(known({ fields: ["heapUsed"] }), ["heapUsed"]);
  });
});
