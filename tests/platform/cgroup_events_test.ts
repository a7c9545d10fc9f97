// The kernel's event counters of the process's own cgroup.

import assert from "node:assert/strict";
import fs from "node:fs";
import process from "node:process";
import { describe, it } from "node:test";
import { openEngine } from "../../platform/engine.ts";
import { LinuxReader } from "../../platform/linux/linux_reader.ts";
import type { CgroupEvents } from "../../src/cgroup_events.ts";
import { openSampler } from "../../src/host/sampling.ts";
import { MEMINFO } from "../fixtures/cgroup_trees.ts";
import { MemoryIo } from "../support/memory_io.ts";

const APP = "/sys/fs/cgroup/app";
const NONE = { high: undefined, max: undefined, oom: undefined, oomKill: undefined };

const V2 = {
  "/proc/meminfo": MEMINFO,
  "/proc/self/status": "VmRSS: 4096 kB\n",
  "/proc/self/cgroup": "0::/app\n",
  "/proc/self/mountinfo": "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
  [`${APP}/memory.max`]: "1000\n",
  [`${APP}/memory.current`]: "10\n",
};

const V1 = {
  ...V2,
  "/proc/self/cgroup": "4:memory:/app\n",
  "/proc/self/mountinfo": "36 32 0:33 / /sys/fs/cgroup rw - cgroup cgroup rw,memory\n",
  [`${APP}/memory.limit_in_bytes`]: "1000\n",
  [`${APP}/memory.usage_in_bytes`]: "10\n",
  [`${APP}/memory.stat`]: "hierarchical_memory_limit 1000\n",
};

/** Reads the counters of a made-up tree, after each change to it. */
function countersOf(
  files: Record<string, string>,
  ...changes: ((files: Map<string, Uint8Array>) => void)[]
): (CgroupEvents | undefined)[] {
  const io = new MemoryIo(
    Object.fromEntries(Object.entries(files).map(([path, text]) => [path.slice(1), text])),
  );
  const reader = new LinuxReader("", io, openEngine({}), () => 0);
  const found = [() => {}, ...changes].map((change) => {
    change(io.files);
    return reader.cgroupEvents();
  });
  reader.close();
  assert.equal(io.unclosed, 0, "a descriptor is left open");
  return found;
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe("the counters of a cgroup", () => {
  it("of v2 are those of memory.events, each by its whole name", () => {
    const events = "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n";
    assert.deepEqual(countersOf({ ...V2, [`${APP}/memory.events`]: events }), [
      { folder: APP, high: 2, max: 3, oom: 4, oomKill: 5 },
    ]);
  });

  it("of v1 are memory.failcnt and a line of memory.oom_control", () => {
    const files = {
      ...V1,
      [`${APP}/memory.failcnt`]: "12\n",
      [`${APP}/memory.oom_control`]: "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
    };
    assert.deepEqual(countersOf(files), [{ folder: APP, ...NONE, max: 12, oomKill: 2 }]);
    // Before Linux 4.13, and a file that is malformed.
    const older = { ...files, [`${APP}/memory.oom_control`]: "oom_kill_disable 0\nunder_oom 0\n" };
    assert.deepEqual(countersOf(older), [{ folder: APP, ...NONE, max: 12 }]);
    assert.deepEqual(countersOf({ ...older, [`${APP}/memory.failcnt`]: "x\n" }), [undefined]);
  });

  it("are those of the innermost level that accounts for memory", () => {
    const { [`${APP}/memory.max`]: max, [`${APP}/memory.current`]: current, ...files } = V2;
    const tree = {
      ...files,
      "/proc/self/cgroup": "0::/app/inner\n",
      [`${APP}/inner/cgroup.procs`]: "1\n",
      [`${APP}/memory.max`]: max!,
      [`${APP}/memory.current`]: current!,
      [`${APP}/memory.events`]: "max 3\n",
    };
    assert.deepEqual(countersOf(tree), [{ folder: APP, ...NONE, max: 3 }]);
  });

  it("are undefined where there are none, or a line was cut short", () => {
    assert.deepEqual(countersOf(V2), [undefined]);
    assert.deepEqual(countersOf({ ...V2, [`${APP}/memory.events`]: "max 3" }), [undefined]);
    assert.deepEqual(countersOf({ ...V2, "/proc/self/cgroup": "" }), [undefined]);
  });

  it("are found again in another cgroup when theirs is removed", () => {
    const moved = "/sys/fs/cgroup/moved";
    const tree = { ...V2, [`${APP}/memory.events`]: "max 3\n" };
    const found = countersOf(tree, (files) => {
      for (const file of [...files.keys()]) if (file.startsWith(APP)) files.delete(file);
      files.set("/proc/self/cgroup", bytes("0::/moved\n"));
      files.set(`${moved}/memory.max`, bytes("1000\n"));
      files.set(`${moved}/memory.events`, bytes("max 0\n"));
    });
    assert.deepEqual(found.map((events) => [events?.folder, events?.max]), [[APP, 3], [moved, 0]]);
  });

  it("of this process are what the kernel's files say", {
    skip: process.platform === "linux" ? false : "needs Linux",
  }, () => {
    const sampler = openSampler({ adapter: "linux" });
    const events = sampler.cgroupEvents?.();
    sampler.close();
    const without = openSampler({ adapter: "linux", fields: ["processRss"] });
    assert.equal(without.cgroupEvents?.(), undefined, "no figure of the cgroup was asked for");
    without.close();
    if (events === undefined) return;
    const text = ["memory.events", "memory.oom_control"]
      .map((name) => `${events.folder}/${name}`)
      .filter((file) => fs.existsSync(file))
      .map((file) => fs.readFileSync(file, "utf8")).join();
    assert.equal(events.oomKill, Number(/^oom_kill (\d+)$/m.exec(text)?.[1]));
  });
});
