// `signals` explains the last sample and reads nothing. Calls are counted.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openEngine } from "../../platform/engine.ts";
import { THROTTLE_PERIOD } from "../../platform/linux/cgroup.ts";
import { LinuxReader } from "../../platform/linux/linux_reader.ts";
import { type LinuxSampler, openLinuxSampler } from "../../platform/linux/linux_sampler.ts";
import { RuntimeSampler } from "../../platform/runtime_sampler.ts";
import { MiB } from "../../src/bytes.ts";
import type { SamplerOptions } from "../../src/sampler.ts";
import { MEMINFO } from "../fixtures/cgroup_trees.ts";
import { fullReading } from "../support/full_reading.ts";
import { MemoryIo } from "../support/memory_io.ts";

const GROUP = "/sys/fs/cgroup";
const STAT = `${GROUP}/memory.stat`;
const MAX = `${GROUP}/memory.max`;
const CURRENT = `${GROUP}/memory.current`;
const HIGH = `${GROUP}/memory.high`;
const PRESSURE = "/proc/pressure/memory";

const STALLS = ["some", "full"]
  .map((name) => `${name} avg10=0.00 avg60=0.00 avg300=0.00 total=1\n`).join("");

/** A cgroup with a limit of 300 MiB, of which 100 MiB are used. */
const FILES: Record<string, string> = {
  "proc/meminfo": MEMINFO,
  "proc/self/status": "VmRSS: 4096 kB\n",
  "proc/self/cgroup": "0::/\n",
  "proc/self/mountinfo": "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
  [PRESSURE.slice(1)]: STALLS,
  [MAX.slice(1)]: `${300 * MiB}\n`,
  [CURRENT.slice(1)]: `${100 * MiB}\n`,
  [STAT.slice(1)]: `inactive_file ${30 * MiB}\n`,
  [HIGH.slice(1)]: `${200 * MiB}\n`,
};

/** What a test uses. */
interface Place {
  io: MemoryIo;
  /** Opens a sampler of the one reader. */
  open(options?: SamplerOptions): LinuxSampler;
  put(path: string, content: string): void;
  /** The calls that `use` makes. */
  callsOf(use: () => void): string[];
}

function inPlace(use: (place: Place) => void, files: Record<string, string> = FILES): void {
  const io = new MemoryIo(files);
  const samplers: LinuxSampler[] = [];
  use({
    io,
    open(options = {}) {
      // Joined with no other test's, which have no such io.
      const sampler = openLinuxSampler({ root: "", ...options }, io, openEngine({}), false);
      samplers.push(sampler);
      return sampler;
    },
    put: (path, content) => void io.files.set(path, new TextEncoder().encode(content)),
    callsOf(use) {
      io.calls.length = 0;
      use();
      return io.calls.splice(0);
    },
  });
  for (const sampler of samplers) sampler.close();
  assert.equal(io.unclosed, 0, "a descriptor is left open");
}

const ALL: SamplerOptions = { usage: "workingSet", pressure: true };

describe("signals of the Linux sampler", () => {
  it("read nothing but memory.high after a sample", () =>
    inPlace(({ open, callsOf }) => {
      const sampler = open(ALL);
      sampler.sample();
      assert.deepEqual(callsOf(() => sampler.signals), [`open ${HIGH}`, `read ${HIGH}`]);
      assert.equal(sampler.signals.cgroupLimit.throttleAt, 200 * MiB);
      for (const [name, { available }] of Object.entries(sampler.signals)) {
        const expected = !["runtimeTotal", "heapUsed", "heapLimit", "pressureEvents"].includes(
          name,
        );
        assert.equal(available, expected, name);
      }
    }));

  it("read nothing more if something is missing or malformed", () => {
    for (const path of [MAX, CURRENT, STAT, PRESSURE, "/proc/meminfo", "/proc/self/status"]) {
      for (const content of ["x\n", undefined]) {
        const { [path.slice(1)]: _, ...files } = FILES;
        inPlace(({ open, callsOf }) => {
          const sampler = open(ALL);
          sampler.sample();
          const calls = callsOf(() => sampler.signals);
          assert.deepEqual(calls, [`open ${HIGH}`, `read ${HIGH}`], `${path} ${content}`);
        }, content === undefined ? files : { ...files, [path.slice(1)]: content });
      }
    }
  });

  it("read memory.high at most once a second", () => {
    const io = new MemoryIo(FILES);
    let now = 0;
    const reader = new LinuxReader("", io, openEngine({}), () => now);
    const calls = (milliseconds: number) => {
      now += milliseconds;
      io.calls.length = 0;
      reader.signals(fullReading(reader, false));
      return io.calls.length;
    };
    reader.sample(fullReading(reader, false), Infinity);
    assert.equal(calls(0), 2, "opened and read");
    assert.equal(calls(0), 0);
    assert.equal(calls(THROTTLE_PERIOD - 1), 0);
    io.files.set(HIGH, new TextEncoder().encode(`${150 * MiB}\n`));
    assert.equal(reader.signals(fullReading(reader, false)).cgroupLimit.throttleAt, 200 * MiB);
    assert.equal(calls(1), 2);
    assert.equal(reader.signals(fullReading(reader, false)).cgroupLimit.throttleAt, 150 * MiB);
    reader.close();
  });

  it("take one sample if there was none, and not a second one", () =>
    inPlace(({ open, callsOf }) => {
      const sampler = open();
      const first = callsOf(() => sampler.signals);
      assert.equal(first.filter((call) => call === `read ${MAX}`).length, 1);
      assert.deepEqual(callsOf(() => sampler.signals), []);
    }));

  it("take one although another sampler has sampled before this one was opened", () =>
    inPlace(({ open, put }) => {
      open().sample();
      put(MAX, "lots\n");
      const later = open();
      assert.match(later.signals.cgroupLimit.reason!, /memory\.max is malformed: "lots"/);
    }));

  it("explain the last sample, not the files of this moment", () =>
    inPlace(({ open, put }) => {
      const sampler = open(ALL);
      sampler.sample();
      const changes: [string, string, "cgroupLimit" | "cgroupCurrent" | "cgroupWorkingSet"][] = [
        [MAX, "lots\n", "cgroupLimit"],
        [CURRENT, "-1\n", "cgroupCurrent"],
        [STAT, "anon 1\n", "cgroupWorkingSet"],
      ];
      for (const [path, content, name] of changes) {
        const good = FILES[path.slice(1)]!;
        put(path, content);
        assert.equal(sampler.signals[name].available, true, path);
        sampler.sample();
        put(path, good);
        assert.equal(sampler.signals[name].available, false, path);
        assert.match(sampler.signals[name].reason!, /is malformed: /, path);
        sampler.sample();
        assert.equal(sampler.signals[name].available, true, path);
      }
    }));

  it("explain this sampler's usage and pressure, whatever others have read since", () =>
    inPlace(({ open, put }) => {
      const all = open(ALL);
      const some = open();
      put(STAT, "anon 1\n");
      put(PRESSURE, "\n");
      all.sample();
      put(STAT, `inactive_file ${MiB}\n`);
      put(PRESSURE, STALLS);
      put(MAX, "lots\n");
      some.sample();
      assert.match(all.signals.cgroupWorkingSet.reason!, /it has no line inactive_file/);
      assert.match(all.signals.pressure.reason!, /pressure\/memory is malformed/);
      assert.equal(all.signals.cgroupLimit.available, true);
      assert.match(some.signals.cgroupWorkingSet.reason!, /^not asked for/);
      assert.match(some.signals.pressure.reason!, /^not asked for/);
      assert.match(some.signals.cgroupLimit.reason!, /"lots"/);
    }));

  it("explain the latest reading of those with the same usage and pressure", () =>
    inPlace(({ open, put }) => {
      const [one, other] = [open(ALL), open(ALL)];
      one.sample();
      put(MAX, "lots\n");
      other.sample();
      assert.match(one.signals.cgroupLimit.reason!, /"lots"/);
    }));

  it("v1: name the level that a hidden limit belongs to, not the outermost", () =>
    inPlace(({ open }) => {
      const sampler = open();
      const info = sampler.sample();
      assert.equal(info.cgroupLimit, 256 * MiB);
      assert.equal(info.cgroupCurrent, 10 * MiB);
      const { cgroupCurrent } = sampler.signals;
      assert.equal(cgroupCurrent.estimate, true);
      assert.match(
        cgroupCurrent.note!,
        /^lower bound, as \/sys\/fs\/cgroup\/pod\/memory\.usage_in_bytes is malformed: "\?"/,
      );
    }, {
      "proc/meminfo": MEMINFO,
      "proc/self/status": "VmRSS: 4096 kB\n",
      "proc/self/cgroup": "4:memory:/pod/app\n",
      "proc/self/mountinfo": "36 32 0:33 / /sys/fs/cgroup rw - cgroup cgroup rw,memory\n",
      "sys/fs/cgroup/memory.limit_in_bytes": "9223372036854771712\n",
      "sys/fs/cgroup/memory.usage_in_bytes": `${900 * MiB}\n`,
      "sys/fs/cgroup/pod/memory.limit_in_bytes": "?\n",
      "sys/fs/cgroup/pod/memory.usage_in_bytes": "?\n",
      "sys/fs/cgroup/pod/app/memory.limit_in_bytes": "9223372036854771712\n",
      "sys/fs/cgroup/pod/app/memory.usage_in_bytes": `${10 * MiB}\n`,
      "sys/fs/cgroup/pod/app/memory.stat": `hierarchical_memory_limit ${
        256 * MiB
      }\ntotal_inactive_file 0\n`,
    }));
});

describe("signals of the runtime's sampler", () => {
  it("call nothing after a sample, and once if there was none", () => {
    for (const sampled of [true, false]) {
      let calls = 0;
      let total: number | undefined = 1000;
      const sampler = new RuntimeSampler({
        engine: openEngine({}),
        system: {
          source: "test",
          read: () => {
            calls++;
            return { total: total! };
          },
        },
        systemReason: "no reason",
        cgroupReason: "no reason",
      });
      if (sampled) sampler.sample();
      assert.equal(sampler.signals.systemTotal.available, true);
      total = undefined;
      assert.equal(sampler.signals.systemTotal.available, true);
      assert.equal(calls, 1);
      sampler.sample();
      assert.equal(sampler.signals.systemTotal.available, false);
      sampler.close();
      assert.throws(() => sampler.signals, /closed/);
    }
  });
});
