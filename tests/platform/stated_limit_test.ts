// A limit that the user states, for want of one that can be read.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openEngine } from "../../platform/engine.ts";
import { DarwinReader } from "../../platform/darwin/darwin_reader.ts";
import { DarwinSampler } from "../../platform/darwin/darwin_sampler.ts";
import { LinuxReader } from "../../platform/linux/linux_reader.ts";
import { OpenOnce } from "../../platform/open_once.ts";
import { RuntimeSampler } from "../../platform/runtime_sampler.ts";
import { type MemInfo, MiB, openSampler, type SamplerOptions, type Signals } from "../../mod.ts";
import { wantedOf } from "../../src/fields.ts";
import { MemoryIo } from "../support/memory_io.ts";

const PROC = {
  "proc/meminfo": "MemTotal: 1048576 kB\nMemFree: 1 kB\nMemAvailable: 524288 kB\n",
  "proc/self/status": "VmRSS: 102400 kB\n",
  "proc/self/cgroup": "0::/pod/app\n",
  "proc/self/mountinfo": "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
};
const V2 = {
  ...PROC,
  "sys/fs/cgroup/pod/memory.max": "max\n",
  "sys/fs/cgroup/pod/memory.current": `${250 * MiB}\n`,
  "sys/fs/cgroup/pod/app/memory.max": "max\n",
  "sys/fs/cgroup/pod/app/memory.current": `${150 * MiB}\n`,
  "sys/fs/cgroup/pod/app/memory.stat": `inactive_file ${40 * MiB}\n`,
};
const V1_FILES = {
  "memory.limit_in_bytes": "9223372036854771712\n",
  "memory.usage_in_bytes": `${700 * MiB}\n`,
  "memory.stat": "total_inactive_file 0\nhierarchical_memory_limit 9223372036854771712\n",
  "cgroup.sane_behavior": "0\n",
};
/** In the root of a v1 hierarchy, whose usage is that of the host. */
const V1_ROOT = {
  ...PROC,
  "proc/self/cgroup": "3:memory:/\n",
  "proc/self/mountinfo": "30 1 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
  ...Object.fromEntries(
    Object.entries(V1_FILES).map(([name, text]) => [`sys/fs/cgroup/memory/${name}`, text]),
  ),
};

const engine = openEngine({});

/** Two samples: limit, usage and headroom in MiB, the signals, and the reads of the second. */
function sampled(files: Record<string, string>, options: SamplerOptions, enough = Infinity) {
  const io = new MemoryIo(files);
  const reader = new LinuxReader("/", io, engine);
  const reading = reader.readingOf(wantedOf(options));
  reader.sample(reading, enough);
  io.calls.length = 0;
  const info = reader.sample(reading, enough);
  const reads = [...io.calls];
  const signals = reader.signals(reading);
  reader.close();
  return { ...inMiB(info), signals, reads };
}

function inMiB(info: MemInfo) {
  const { cgroupLimit, cgroupCurrent } = info;
  const figures = { limit: cgroupLimit, usage: cgroupCurrent, headroom: info.headroom() };
  return Object.fromEntries(
    Object.entries(figures).map(([name, bytes]) => [name, bytes && bytes / MiB]),
  ) as typeof figures;
}

function isStated({ cgroupLimit }: Signals): boolean {
  return cgroupLimit.available && cgroupLimit.source === "option limit";
}

describe("a stated limit on Linux", () => {
  it("counts where the cgroup has none, against the usage of the process's own cgroup", () => {
    const { signals, reads: _, ...figures } = sampled(V2, { limit: 400 * MiB });
    assert.deepEqual(figures, { limit: 400, usage: 150, headroom: 250 });
    assert.ok(isStated(signals));
    assert.equal(signals.cgroupLimit.note, undefined);
    assert.equal(signals.cgroupCurrent.source, "/sys/fs/cgroup/pod/app/memory.current");
    assert.equal(signals.cgroupCurrent.estimate, undefined);
  });

  it("subtracts the working set where that is the usage, and leaves it out where it can", () => {
    const options: SamplerOptions = { limit: 400 * MiB, usage: "workingSet" };
    assert.equal(sampled(V2, options).headroom, 290);
    const { headroom, reads } = sampled(V2, options, 100 * MiB);
    assert.equal(headroom, 250);
    assert.ok(!reads.some((call) => call.endsWith("memory.stat")));
  });

  const limited = (app: number, pod: number) => ({
    ...V2,
    "sys/fs/cgroup/pod/app/memory.max": `${app * MiB}\n`,
    "sys/fs/cgroup/pod/memory.max": `${pod * MiB}\n`,
  });
  const rows: [string, Record<string, string>, number, object, boolean][] = [
    ["smaller than the own", limited(500, 900), 400, { limit: 400, usage: 150 }, true],
    ["larger than the own", limited(300, 900), 400, { limit: 300, usage: 150 }, false],
    ["equal to the own", limited(400, 900), 400, { limit: 400, usage: 150 }, false],
    ["that leaves less than an outer one", limited(500, 600), 400, { limit: 400 }, true],
    ["that leaves more than an outer one", limited(500, 450), 400, { limit: 450 }, false],
  ];
  for (const [title, files, limit, expected, effective] of rows) {
    it(`${title} limit is ${effective ? "" : "not "}effective`, () => {
      const { signals, ...figures } = sampled(files, { limit: limit * MiB });
      for (const [name, value] of Object.entries(expected)) {
        assert.equal(figures[name as keyof typeof figures], value, name);
      }
      assert.equal(isStated(signals), effective);
      const note = "the option limit, 400.0MiB, leaves more";
      assert.equal(signals.cgroupLimit.note, effective ? undefined : note);
    });
  }

  const { "sys/fs/cgroup/pod/memory.max": _, "sys/fs/cgroup/pod/app/memory.max": __, ...bare } = V2;
  const withoutUsage = { ...V2 } as Record<string, string>;
  delete withoutUsage["sys/fs/cgroup/pod/app/memory.current"];
  const { "proc/self/mountinfo": ___, ...unmounted } = V2;
  const estimated: Record<string, Record<string, string>> = {
    "in the root of cgroup v1": V1_ROOT,
    "without a memory controller": bare,
    "outside of any cgroup": { ...V2, "proc/self/cgroup": "" },
    "in a cgroup that cannot be found": unmounted,
    "in a cgroup whose usage cannot be read": withoutUsage,
  };
  for (const [title, files] of Object.entries(estimated)) {
    for (const usage of ["current", "workingSet"] as const) {
      it(`counts against the resident set ${title} (${usage})`, () => {
        const { signals, reads: _, ...figures } = sampled(files, { limit: 400 * MiB, usage });
        assert.deepEqual(figures, { limit: 400, usage: 100, headroom: 300 });
        assert.ok(isStated(signals));
        const { source, estimate, note } = signals.cgroupCurrent;
        assert.deepEqual({ source, estimate }, { source: "/proc/self/status", estimate: true });
        assert.match(note!, /resident set of the process stands in/);
        const { available, reason } = signals.cgroupWorkingSet;
        assert.equal(available, false);
        assert.match(reason!, /resident set/);
      });
    }
  }

  it("says that a cgroup that cannot be found may have a smaller one", () => {
    const { signals } = sampled(unmounted, { limit: 400 * MiB });
    assert.match(signals.cgroupLimit.note!, /^upper bound, as .*mountinfo/);
  });

  it("has an unknown usage where the resident set cannot be read either", () => {
    const files = { ...bare, "proc/self/status": "" };
    const { signals, ...figures } = sampled(files, { limit: 400 * MiB });
    assert.deepEqual({ ...figures, reads: [] }, {
      limit: 400,
      usage: undefined,
      headroom: 400,
      reads: [],
    });
    assert.match(signals.cgroupCurrent.reason!, /status/);
    assert.ok(isStated(signals));
  });

  it("above host memory is ignored, and the signals say so", () => {
    const { signals, limit } = sampled(V2, { limit: 1025 * MiB });
    assert.equal(limit, Infinity);
    assert.equal(
      signals.cgroupLimit.note,
      "the option limit, 1.0GiB, is above host memory and is ignored",
    );
    const unknown = sampled(unmounted, { limit: 1025 * MiB });
    assert.equal(unknown.limit, undefined);
    assert.match(unknown.signals.cgroupLimit.reason!, /mountinfo.*above host memory.*ignored$/);
    assert.equal(sampled(V2, { limit: 1024 * MiB }).limit, 1024);
  });

  it("takes one read of the own usage for headroom alone, and nothing of the host", () => {
    const fields = ["headroom"] as const;
    const own = "read /sys/fs/cgroup/pod/app/memory.current";
    const { reads } = sampled(V2, { fields, limit: 400 * MiB });
    const without = sampled(V2, { fields }).reads;
    assert.deepEqual(without, [
      "read /sys/fs/cgroup/pod/app/memory.max",
      "read /sys/fs/cgroup/pod/memory.max",
      "read /proc/meminfo",
    ]);
    assert.deepEqual(reads, [...without.slice(0, 2), own]);
  });

  it("is each sampler's own, although they share their files", () => {
    const reader = new LinuxReader("/", new MemoryIo(V2), engine);
    const [small, large, none] = [300 * MiB, 400 * MiB, undefined].map((limit) =>
      reader.sample(reader.readingOf(wantedOf({ limit })), Infinity).cgroupLimit
    );
    assert.deepEqual([small, large, none], [300 * MiB, 400 * MiB, Infinity]);
    reader.close();
  });
});

describe("a stated limit elsewhere", () => {
  const host = (constrained: number) => ({
    engine,
    memoryUsage: () => ({ rss: 30 }),
    system: { source: "test", read: () => ({ total: 1_000, available: 500 }) },
    constrainedMemory: () => constrained,
    systemReason: "nothing here",
    cgroupReason: "nothing here",
  });

  it("counts against the resident set with the runtime's figures", () => {
    const sampler = new RuntimeSampler(host(0), { limit: 100, fields: ["headroom"] });
    const info = sampler.sample();
    assert.equal(info.headroom(), 70);
    assert.equal(info.processRss, undefined);
    assert.ok(isStated(sampler.signals));
    assert.equal(sampler.signals.cgroupCurrent.estimate, true);
  });

  it("gives way to a smaller one that the runtime knows, and to host memory", () => {
    const smaller = new RuntimeSampler(host(90), { limit: 100 });
    assert.equal(smaller.sample().headroom(), 60);
    assert.match(
      smaller.signals.cgroupLimit.note!,
      /own group only; the option limit, 100B, leave/,
    );
    const larger = new RuntimeSampler(host(0), { limit: 1_001 });
    assert.equal(larger.sample().cgroupLimit, undefined);
    assert.match(larger.signals.cgroupLimit.reason!, /the option limit, 1001B, is above host memo/);
  });

  it("counts on macOS too", async () => {
    const page = "Mach Virtual Memory Statistics: (page size of 4096 bytes)\n" +
      "Pages free: 10.\nFile-backed pages: 5.\nPages purgeable: 1.\n";
    const reader = new DarwinReader({
      run: (program) => Promise.resolve(program.endsWith("vm_stat") ? page : "100000000\n"),
      engine,
      rss: () => 30 * MiB,
    });
    const sampler = new DarwinSampler(
      new OpenOnce(reader, () => {}),
      wantedOf({ limit: 40 * MiB }),
    );
    assert.equal((await sampler.sample()).headroom(), 10 * MiB);
    assert.ok(isStated(sampler.signals));
    sampler.close();
  });

  it("counts in this process, whatever can be read of its cgroup", async () => {
    const sampler = openSampler({ limit: 1 });
    const info = await sampler.sample();
    assert.equal(info.headroom(), 0);
    assert.equal(info.cgroupLimit, 1);
    assert.ok(isStated(sampler.signals));
    assert.ok(info.cgroupCurrent! > 1);
    sampler.close();
  });
});
