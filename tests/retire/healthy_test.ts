// What happens in healthy services, and must never make one retire.

import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { MiB } from "../../mod.ts";
import { retire, type RetireOptions } from "../../retire.ts";
import { ManualClock } from "../../testing.ts";
import { MEMINFO } from "../fixtures/cgroup_trees.ts";
import { writeTree } from "../support/environments.ts";
import { withRetirement } from "../support/retire_bench.ts";
import { withTempFolder } from "../support/temp.ts";

const LIMIT = 512 * MiB;

/** A container in which this process holds all but 20 MiB: MiB in use at a second. */
const own = (used: (second: number) => number) => (at: number) => {
  const bytes = used(at / 1_000) * MiB;
  return { cgroupLimit: LIMIT, cgroupCurrent: bytes, processRss: bytes - 20 * MiB };
};

const never = (title: string, used: (second: number) => number, options: RetireOptions = {}) =>
  it(title, () =>
    withRetirement(own(used), options, async (bench) => {
      await bench.pass(120);
      assert.deepEqual(bench.reasons, []);
      assert.deepEqual(bench.errors, []);
      assert.equal(bench.retirement.state, "running");
    }));

describe("retire() in a healthy service", () => {
  for (const seconds of [0.1, 1, 2.5]) {
    for (const held of [0.5, 5, 8]) {
      never(
        `ignores one big request that fills the container in ${seconds} s and holds it for ${held} s`,
        (s) => {
          const since = s - 60;
          if (since < 0 || since > seconds + held) return 150;
          return 150 + 355 * Math.min(1, since / seconds);
        },
      );
    }
  }

  never(
    "ignores big requests one after the other",
    (s) => s % 10 < 6 ? 150 + Math.min(6, s % 10) * 58 : 150,
  );

  never("ignores a cache that fills and then stays", (s) => Math.min(400, 150 + 20 * s));

  never("ignores a service that has always been at 97 % of its limit", () => 497);

  never(
    "ignores the garbage between collections of the engine",
    (s) => 150 + (s % 8) * 42,
  );

  it("ignores garbage that a collection is about to free, however long it takes", async () => {
    let freed = 0;
    let now = 0;
    const used = (second: number) => {
      now = second;
      return 150 + Math.min(355, (second - freed) * 12);
    };
    await withRetirement(own(used), {}, async (bench) => {
      await bench.pass(600);
      assert.deepEqual(bench.reasons, []);
      assert.ok(bench.collections >= 10, `${bench.collections} collections`);
      // At most one in the time that a rule must hold.
      assert.ok(bench.collections <= 50, `${bench.collections} collections`);
    }, () => freed = now);
  });

  it("ignores memory that other processes take, which an exit would not give back", () =>
    withRetirement(
      (at) => ({
        cgroupLimit: LIMIT,
        cgroupCurrent: Math.min(510, 200 + at / 100) * MiB,
        processRss: 60 * MiB,
      }),
      {},
      async (bench) => {
        await bench.pass(120);
        assert.deepEqual(bench.reasons, []);
      },
    ));

  it("ignores a host that is short of memory because of others", () =>
    withRetirement(
      (at) => ({
        systemTotal: 8_000 * MiB,
        systemAvailable: Math.max(10, 4_000 - at / 10) * MiB,
        processRss: 60 * MiB,
      }),
      {},
      async (bench) => {
        await bench.pass(120);
        assert.deepEqual(bench.reasons, []);
      },
    ));

  it("does not retire again and again because a new process takes as much", () =>
    withRetirement(own((s) => s < 5 ? 150 : 505), { minUptime: 0 }, async (bench) => {
      await bench.pass(6);
      bench.retirement.up();
      await bench.pass(120);
      assert.deepEqual(bench.reasons, []);
    }));
});

describe("retire() beside page cache", {
  skip: process.platform === "linux" ? false : "needs Linux",
}, () => {
  /** A container of 512 MiB at 510 MiB, with so many MiB of page cache. */
  const tree = (active: number, inactive: number, version: 1 | 2) => {
    const [folder, prefix] = version === 2 ? ["", ""] : ["memory/", "total_"];
    const files = version === 2 ? ["max", "current"] : ["limit_in_bytes", "usage_in_bytes"];
    return {
      "proc/meminfo": MEMINFO,
      "proc/self/cgroup": version === 2 ? "0::/\n" : "4:memory:/\n",
      "proc/self/mountinfo": version === 2
        ? "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
        : "30 24 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
      "proc/self/statm": "100000 50000 0 0 0 0 0\n",
      [`sys/fs/cgroup/${folder}memory.${files[0]}`]: `${LIMIT}\n`,
      [`sys/fs/cgroup/${folder}memory.${files[1]}`]: `${510 * MiB}\n`,
      [`sys/fs/cgroup/${folder}memory.stat`]: `${prefix}inactive_file ${
        inactive * MiB
      }\n${prefix}active_file ${active * MiB}\n`,
    };
  };

  const ends = async (active: number, inactive: number, version: 1 | 2) =>
    await withTempFolder(async (root) => {
      const clock = new ManualClock();
      writeTree(root, tree(active, inactive, version));
      // The process has grown: only page cache can be why it does not retire.
      writeTree(root, { "proc/self/statm": "100000 5000 0 0 0 0 0\n" });
      const causes: string[] = [];
      const retirement = retire({
        adapter: "linux",
        root,
        clock,
        gc: false,
        signals: [],
        minUptime: 0,
        exit: () => {},
        onRetiring: ({ cause }) => causes.push(cause),
      });
      await clock.tickAsync(1_000);
      writeTree(root, { "proc/self/statm": "100000 50000 0 0 0 0 0\n" });
      await clock.tickAsync(60_000);
      retirement.stop();
      return causes;
    });

  for (const version of [1, 2] as const) {
    it(`ignores inactive page cache, cgroup v${version}`, async () => {
      assert.deepEqual(await ends(0, 400, version), []);
    });

    it(`ignores active page cache, which files that are read twice fill, v${version}`, async () => {
      assert.deepEqual(await ends(400, 5, version), []);
    });

    it(`retires with as much memory in use that is not page cache, v${version}`, async () => {
      assert.deepEqual(await ends(3, 5, version), ["level"]);
    });
  }
});
