// What changes around a running process: files that appear, a cgroup that the
// process is moved to. Each is noticed at the first check of the place.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { RECHECK_PERIOD } from "../../platform/linux/cgroup.ts";
import { MiB } from "../../src/bytes.ts";
import { openSampler } from "../../src/host/sampling.ts";
import type { MemInfo } from "../../src/mem_info.ts";
import type { Sampler, SamplerOptions } from "../../src/sampler.ts";
import { MEMINFO } from "../fixtures/cgroup_trees.ts";
import { writeTree } from "../support/environments.ts";
import { withTempFolder } from "../support/temp.ts";

const AVAILABLE = 6000 * MiB;
const MOUNT = "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";

const BARE: Record<string, string> = {
  "proc/meminfo": MEMINFO,
  "proc/self/cgroup": "0::/app\n",
  "proc/self/mountinfo": MOUNT,
  "proc/self/status": "Name:\tx\nVmRSS:\t    4000 kB\n",
  "sys/fs/cgroup/cgroup.procs": "",
  "sys/fs/cgroup/app/cgroup.procs": "",
};

const limited = (folder: string, limit: number): Record<string, string> => ({
  [`sys/fs/cgroup/${folder}/memory.max`]: `${limit * MiB}\n`,
  [`sys/fs/cgroup/${folder}/memory.current`]: `${MiB}\n`,
});

const pressure = (total: number) =>
  `some avg10=0.00 avg60=1.50 avg300=0.00 total=${total}\n` +
  `full avg10=0.00 avg60=1.50 avg300=0.00 total=${total}\n`;

interface Running {
  put: (files: Record<string, string>) => void;
  remove: (file: string) => void;
  /** A sample right away. */
  now: () => MemInfo;
  /** A sample after the time between two checks. */
  later: () => MemInfo;
  sampler: Sampler;
}

/** Runs `use` with a sampler of these files. */
function withRunning(
  files: Record<string, string>,
  use: (running: Running) => void | Promise<void>,
  options: SamplerOptions = {},
): Promise<void> {
  return withTempFolder(async (root) => {
    writeTree(root, files);
    const sampler = openSampler({ adapter: "linux", root, ...options });
    const clock = Date.now;
    let shift = 0;
    Date.now = () => clock() + shift;
    const now = () => sampler.sample() as MemInfo;
    const later = () => {
      shift += RECHECK_PERIOD;
      return now();
    };
    try {
      await use({
        put: (some) => writeTree(root, some),
        remove: (file) => fs.rmSync(path.join(root, file)),
        now,
        later,
        sampler,
      });
    } finally {
      Date.now = clock;
      sampler.close();
    }
  });
}

describe("a running sampler notices", () => {
  it("the memory controller, enabled on the own cgroup", () =>
    withRunning(BARE, ({ put, now, later, sampler }) => {
      assert.equal(now().cgroupLimit, Infinity);
      assert.match(sampler.signals.cgroupLimit.note!, /memory controller off/);
      put(limited("app", 64));
      assert.equal(later().headroom(), 63 * MiB);
      assert.equal(sampler.signals.cgroupLimit.note, undefined);
    }));

  it("the same on a level above one that has it", () =>
    withRunning({ ...BARE, ...limited("app", 64) }, ({ put, now, later }) => {
      assert.equal(now().headroom(), 63 * MiB);
      put(limited("", 32));
      assert.equal(later().headroom(), 31 * MiB);
    }));

  it("a memory hierarchy, mounted where there was none", () =>
    withRunning({ ...BARE, "proc/self/mountinfo": "" }, ({ put, now, later, sampler }) => {
      put(limited("app", 64));
      assert.equal(now().cgroupLimit, undefined);
      assert.equal(later().cgroupLimit, undefined);
      assert.match(sampler.signals.cgroupLimit.reason!, /no cgroup2 file system is mounted/);
      put({ "proc/self/mountinfo": MOUNT });
      assert.equal(later().headroom(), 63 * MiB);
    }));

  it("the cgroup's own place, mounted beside one that did not show it", () =>
    withRunning({
      ...BARE,
      ...limited("", 32),
      "mnt/app/memory.max": `${8 * MiB}\n`,
      "mnt/app/memory.current": `${MiB}\n`,
      "proc/self/mountinfo": MOUNT.replace(" / ", " /elsewhere "),
    }, ({ put, now, later, sampler }) => {
      assert.equal(now().headroom(), 31 * MiB);
      assert.match(sampler.signals.cgroupLimit.note!, /^uncertain/);
      put({ "proc/self/mountinfo": "30 24 0:26 / /mnt rw - cgroup2 cgroup2 rw\n" });
      assert.equal(later().headroom(), 7 * MiB);
      assert.equal(sampler.signals.cgroupLimit.note, undefined);
    }));

  it("the cgroup's folder, which was not there", () =>
    withRunning({ ...BARE, "proc/self/cgroup": "0::/new\n" }, ({ put, now, later, sampler }) => {
      assert.equal(now().cgroupLimit, undefined);
      assert.match(sampler.signals.cgroupLimit.reason!, /folder .*new is not there/);
      put({ "sys/fs/cgroup/new/cgroup.procs": "" });
      assert.equal(later().cgroupLimit, Infinity);
    }));

  it("/proc/self/cgroup and its neighbours, which were not there", () => {
    const { "proc/self/cgroup": self, "proc/self/mountinfo": mountinfo, ...rest } = BARE;
    return withRunning({ ...rest, ...limited("app", 64) }, ({ put, now, later }) => {
      assert.equal(now().cgroupLimit, undefined);
      put({ "proc/self/cgroup": self! });
      assert.equal(later().cgroupLimit, undefined);
      put({ "proc/self/mountinfo": mountinfo! });
      assert.equal(later().headroom(), 63 * MiB);
    });
  });

  it("v1: an ancestor's limit, out of sight, above an own level without one", () =>
    withRunning({
      ...BARE,
      "proc/self/cgroup": "4:memory:/app\n",
      "proc/self/mountinfo": "36 32 0:33 / /sys/fs/cgroup rw - cgroup cgroup rw,memory\n",
      "sys/fs/cgroup/app/memory.usage_in_bytes": `${MiB}\n`,
      "sys/fs/cgroup/app/memory.stat": `hierarchical_memory_limit ${16 * MiB}\n`,
    }, ({ put, now, later }) => {
      assert.equal(now().headroom(), AVAILABLE);
      put({ "sys/fs/cgroup/app/memory.limit_in_bytes": "9223372036854771712\n" });
      assert.equal(later().headroom(), 15 * MiB);
    }));
});

describe("pressure is that of", () => {
  const TWO = {
    ...BARE,
    ...limited("app", 64),
    ...limited("other", 64),
    "proc/pressure/memory": pressure(1),
    "sys/fs/cgroup/app/memory.pressure": pressure(2),
    "sys/fs/cgroup/other/memory.pressure": pressure(3),
  };

  it("the cgroup that the process has been moved to", () =>
    withRunning(TWO, ({ put, now, later, sampler }) => {
      assert.equal(now().pressure!.some.total, 2);
      put({ "proc/self/cgroup": "0::/other\n" });
      assert.equal(later().pressure!.some.total, 3);
      assert.match(sampler.signals.pressure.source, /other\/memory\.pressure$/);
    }, { pressure: true }));

  it("the host in a cgroup without the file, until the file appears", () => {
    const { "sys/fs/cgroup/app/memory.pressure": own, ...rest } = TWO;
    return withRunning(rest, ({ put, now, later }) => {
      assert.equal(now().pressure!.some.total, 1);
      put({ "sys/fs/cgroup/app/memory.pressure": own });
      assert.equal(now().pressure!.some.total, 1);
      assert.equal(later().pressure!.some.total, 2);
    }, { pressure: true });
  });
});

describe("the kernel's events wake", () => {
  const EVENTS = "sys/fs/cgroup/app/memory.events";
  const woken = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    return { promise, resolve };
  };

  it("by the file of the cgroup that the process has been moved to", () =>
    withRunning({
      ...BARE,
      ...limited("app", 64),
      ...limited("other", 64),
      [EVENTS]: "max 0\n",
      "sys/fs/cgroup/other/memory.events": "max 0\n",
    }, async ({ put, now, later, sampler }) => {
      now();
      const wake = woken();
      const stop = sampler.onPressure!(wake.resolve, false)!;
      put({ "proc/self/cgroup": "0::/other\n" });
      later();
      put({ "sys/fs/cgroup/other/memory.events": "max 1\n" });
      await wake.promise;
      stop();
    }));

  it("by a file that appears while they are listened for", () =>
    withRunning({ ...BARE, ...limited("app", 64) }, async ({ put, later, sampler }) => {
      const wake = woken();
      const stop = sampler.onPressure!(wake.resolve, false)!;
      put({ [EVENTS]: "max 0\n" });
      later();
      put({ [EVENTS]: "max 1\n" });
      await wake.promise;
      assert.deepEqual(sampler.signals.pressureEvents.available, true);
      stop();
    }));

  it("nobody who has stopped listening", () =>
    withRunning({ ...BARE, ...limited("app", 64), [EVENTS]: "max 0\n" }, async (running) => {
      const { put, sampler } = running;
      let stopped = 0;
      sampler.onPressure!(() => stopped++, false)!();
      const wake = woken();
      const stop = sampler.onPressure!(wake.resolve, false)!;
      put({ [EVENTS]: "max 1\n" });
      await wake.promise;
      stop();
      assert.equal(stopped, 0);
    }));
});
