// A real cgroup v2: this very process moves through groups of its own making.
// Needs root and a writable memory hierarchy of version 2.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import process from "node:process";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type MemInfo, MiB, openSampler, sample, type SamplerOptions, watch } from "../../mod.ts";
import { RECHECK_PERIOD } from "../../platform/linux/cgroup.ts";
import type { Signals } from "../../src/sampler.ts";
import { findRuntimes } from "../support/runtimes.ts";
import { ChildGroup, enableMemory, findHierarchy } from "./child_group.ts";

/** How much this process may allocate between two readings of the same figure. */
const SLACK = 16 * MiB;

const hierarchy = findHierarchy();
const problem = hierarchy.problem ??
  (hierarchy.version === 2 ? undefined : "the memory controller is on cgroup v1");
if (problem !== undefined) console.error(`SKIPPED, a real cgroup v2: ${problem}`);

const runtime = findRuntimes().find(({ name }) =>
  name === ("Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node")
);
const probe = fileURLToPath(new URL("../support/sandbox_probe.ts", import.meta.url));

/** What a shell reads. */
function shell(script: string): string {
  const { status, stdout, stderr } = spawnSync("sh", ["-c", script], { encoding: "utf8" });
  assert.equal(status, 0, `${script}: ${stderr}`);
  return stdout.trim();
}

async function sampleNow(options: SamplerOptions = {}): Promise<MemInfo> {
  return await sample(options);
}

function assertNear(actual: number | undefined, expected: number, what: string): void {
  assert.ok(
    actual !== undefined && Math.abs(actual - expected) <= SLACK,
    `${what}: ${actual} against ${expected}`,
  );
}

if (hierarchy.problem !== undefined || problem !== undefined) {
  describe("on a real cgroup v2", () => {
    it("nothing is run", { skip: problem ?? false }, () => {});
  });
} else {
  const top = hierarchy.folder;
  const home = top + shell("cat /proc/self/cgroup").replace(/^[^]*0::/, "").replace(/^\/$/, "");
  const goHome = () => fs.writeFileSync(`${home}/cgroup.procs`, String(process.pid));

  /** Runs `use` with this process in the last of a chain of nested groups. */
  const inGroups = async (depth: number, use: (...groups: ChildGroup[]) => unknown) => {
    const groups: ChildGroup[] = [];
    try {
      for (let i = 0; i < depth; i++) {
        const parent = groups.at(-1)?.folder ?? top;
        if (i > 0) enableMemory(parent);
        groups.push(new ChildGroup(2, parent));
      }
      groups.at(-1)!.adopt();
      await use(...groups);
    } finally {
      goHome();
      for (const group of groups.toReversed()) await group.remove();
    }
  };

  /** Runs `use` with a way to fill memory from a group beside this process's. */
  const withFiller = async (
    parent: ChildGroup,
    use: (fill: (mebibytes?: number) => Promise<void>) => Promise<void>,
  ) => {
    const sibling = new ChildGroup(2, parent.folder);
    const shm = "/dev/shm";
    if (!fs.readFileSync("/proc/self/mountinfo", "utf8").includes(` ${shm} `)) {
      shell(`mkdir -p ${shm} && mount -t tmpfs tmpfs ${shm}`);
    }
    const file = `${shm}/memctl-${process.pid}`;
    // If the kernel has to kill, then not the test.
    const spare = "/proc/self/oom_score_adj";
    const score = fs.readFileSync(spare, "utf8");
    fs.writeFileSync(spare, "-1000");
    try {
      await use((mebibytes = 48) =>
        new Promise<void>((resolve) => {
          sibling.spawn([
            ...["sh", "-c", `echo 1000 > ${spare}; exec "$@"`, "sh"],
            ...["dd", "if=/dev/zero", `of=${file}`, "bs=1M", `count=${mebibytes}`],
          ]).on("close", () => resolve());
        })
      );
    } finally {
      fs.rmSync(file, { force: true });
      await sibling.remove();
      fs.rmSync(file, { force: true });
      fs.writeFileSync(spare, score);
    }
  };

  describe("on a real cgroup v2", () => {
    after(goHome);

    it("a throttle limit below the limit is told", () =>
      inGroups(2, (parent, leaf) => {
        parent!.setLimit(700 * MiB);
        leaf!.setLimit(900 * MiB);
        const throttleAt = () => {
          const sampler = openSampler();
          const { cgroupLimit } = sampler.signals;
          sampler.close();
          return cgroupLimit.throttleAt;
        };
        assert.equal(throttleAt(), undefined);
        leaf!.write("memory.high", String(600 * MiB));
        assert.equal(throttleAt(), 600 * MiB);
        parent!.write("memory.high", String(500 * MiB));
        assert.equal(throttleAt(), 500 * MiB);
      }));

    it("a sample agrees with what a shell reads", () =>
      inGroups(1, async (group) => {
        group!.setLimit(700 * MiB);
        const info = await sampleNow({ usage: "workingSet", pressure: true });
        const stat = (key: string) =>
          Number(shell(`grep '^${key} ' ${group!.folder}/memory.stat`).split(" ")[1]);
        assert.equal(info.cgroupLimit, Number(shell(`cat ${group!.folder}/memory.max`)));
        assertNear(
          info.cgroupCurrent,
          Number(shell(`cat ${group!.folder}/memory.current`)),
          "current",
        );
        const inactive = stat("inactive_file");
        assertNear(info.cgroupWorkingSet, info.cgroupCurrent! - inactive, "working set");
        assertNear(info.headroom(), 700 * MiB - info.cgroupWorkingSet!, "headroom");
        const kib = (key: string) => Number(/\d+/.exec(shell(`grep ^${key}: /proc/meminfo`))![0]);
        assert.equal(info.systemTotal, kib("MemTotal") * 1024);
        assertNear(info.systemAvailable, kib("MemAvailable") * 1024, "available");
        const rss = Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync("/proc/self/status", "utf8"))![1]);
        assertNear(info.processRss, rss * 1024, "rss");
        if (fs.existsSync(`${group!.folder}/memory.pressure`)) {
          assert.ok(info.pressure !== undefined && info.pressure.some.total >= 0);
        }
      }));

    for (const [tightest, at] of [["leaf", 2], ["middle", 1], ["outermost", 0]] as const) {
      it(`of nested cgroups the ${tightest} is effective when it is tightest`, () =>
        inGroups(3, (...groups) => {
          groups.forEach((group, i) => group.setLimit((i === at ? 500 : 900) * MiB));
          const sampler = openSampler();
          const info = sampler.sample() as MemInfo;
          assert.equal(info.cgroupLimit, 500 * MiB);
          assertNear(info.cgroupCurrent, groups[at]!.usage, "the level's own usage");
          assert.equal(sampler.signals.cgroupLimit.source, `${groups[at]!.folder}/memory.max`);
          sampler.close();
        }));
    }

    it("a sibling's usage counts at the level above", () =>
      inGroups(2, async (parent, leaf) => {
        parent!.setLimit(600 * MiB);
        leaf!.setLimit(580 * MiB);
        const before = (await sampleNow()).headroom()!;
        await withFiller(parent!, async (fill) => {
          await fill(200);
          const info = await sampleNow();
          assert.equal(info.cgroupLimit, 600 * MiB, "the parent is effective now");
          assertNear(info.headroom(), before - 180 * MiB, "headroom");
        });
      }));

    it("a limit changed, lifted and set again is seen while watching", () =>
      inGroups(1, async (group) => {
        const stop = new AbortController();
        const seen: (number | undefined)[] = [];
        const steps: (number | "max")[] = [600 * MiB, "max", 800 * MiB];
        group!.setLimit(steps[0]!);
        await watch({ interval: 5, signal: stop.signal }, ({ cgroupLimit }) => {
          seen.push(cgroupLimit);
          if (seen.length === steps.length) stop.abort();
          else group!.setLimit(steps[seen.length]!);
        });
        assert.deepEqual(seen, [600 * MiB, Infinity, 800 * MiB]);
      }));

    it("memory.high below max does not stand in for the limit", () =>
      inGroups(1, async (group) => {
        group!.setLimit(800 * MiB);
        group!.write("memory.high", String(700 * MiB));
        assert.equal((await sampleNow()).cgroupLimit, 800 * MiB);
      }));

    it("a group without the memory controller is bound by its parent", () =>
      inGroups(1, async (group) => {
        group!.setLimit(640 * MiB);
        const bare = new ChildGroup(2, group!.folder);
        try {
          bare.adopt();
          assert.equal(fs.existsSync(`${bare.folder}/memory.max`), false);
          const info = await sampleNow();
          assert.equal(info.cgroupLimit, 640 * MiB);
          assertNear(info.cgroupCurrent, group!.usage, "usage");
        } finally {
          goHome();
          await bare.remove();
        }
      }));

    it("the memory controller, enabled later on, is noticed", () =>
      inGroups(1, async (group) => {
        const leaf = new ChildGroup(2, group!.folder);
        const sampler = openSampler();
        const clock = Date.now;
        try {
          leaf.adopt();
          Date.now = () => clock() + RECHECK_PERIOD;
          assert.equal((sampler.sample() as MemInfo).cgroupLimit, Infinity);
          // A cgroup with processes of its own cannot enable it.
          enableMemory(group!.folder);
          leaf.setLimit(620 * MiB);
          Date.now = () => clock() + 2 * RECHECK_PERIOD;
          const info = sampler.sample() as MemInfo;
          assert.equal(info.cgroupLimit, 620 * MiB);
          assertNear(info.cgroupCurrent, leaf.usage, "usage");
          assert.equal(sampler.signals.pressureEvents.available, true);
        } finally {
          Date.now = clock;
          sampler.close();
          goHome();
          await leaf.remove();
        }
      }));

    it("pressure is that of the group that the process has been moved to", () =>
      inGroups(2, async (parent, leaf) => {
        if (!fs.existsSync(`${leaf!.folder}/memory.pressure`)) return;
        const sampler = openSampler({ pressure: true });
        const clock = Date.now;
        const next = new ChildGroup(2, parent!.folder);
        try {
          assert.equal(sampler.signals.pressure.source, `${leaf!.folder}/memory.pressure`);
          next.adopt();
          Date.now = () => clock() + RECHECK_PERIOD;
          await sampler.sample();
          assert.equal(sampler.signals.pressure.source, `${next.folder}/memory.pressure`);
        } finally {
          Date.now = clock;
          sampler.close();
          leaf!.adopt();
          await next.remove();
        }
      }));

    it("a process moved to another group is followed, and a removed group left", () =>
      inGroups(1, async (old) => {
        old!.setLimit(600 * MiB);
        const next = new ChildGroup(2, top);
        next.setLimit(650 * MiB);
        try {
          const stop = new AbortController();
          const limits: (number | undefined)[] = [];
          const watching = watch(
            { interval: 50, immediate: true, signal: stop.signal },
            (info) => {
              limits.push(info.cgroupLimit);
              if (limits.length === 1) next.adopt();
              if (info.cgroupLimit === 650 * MiB) stop.abort();
            },
          );
          await watching;
          assert.equal(limits[0], 600 * MiB);
          assert.equal(limits.at(-1), 650 * MiB);

          // And the other way, by the old group's end: at the very next sample.
          const sampler = openSampler();
          assert.equal((sampler.sample() as MemInfo).cgroupLimit, 650 * MiB);
          old!.adopt();
          await next.remove();
          assert.equal((sampler.sample() as MemInfo).cgroupLimit, 600 * MiB);
          sampler.close();
        } finally {
          old!.adopt();
          if (fs.existsSync(next.folder)) await next.remove();
        }
      }));

    for (const mode of ["memory.high", "memory.max"] as const) {
      it(`wakes at once when ${mode} of a level is hit`, () =>
        inGroups(2, async (parent) => {
          const stop = new AbortController();
          let cause: string | undefined;
          const watching = watch(
            { interval: 1e8, wakeOnPressure: true, signal: stop.signal },
            (_, context) => {
              cause = context.cause;
              stop.abort();
            },
          );
          await withFiller(parent!, async (fill) => {
            parent!.write(mode, String(parent!.usage + 16 * MiB));
            const giveUp = setTimeout(() => stop.abort(), 60_000);
            fill();
            await watching;
            clearTimeout(giveUp);
            parent!.write(mode, "max");
          });
          assert.equal(cause, "pressure");
        }));
    }

    it("says in signals that the kernel reports pressure events", () =>
      inGroups(1, (group) => {
        const sampler = openSampler();
        assert.deepEqual(sampler.signals.pressureEvents, {
          available: true,
          source: `${group!.folder}/memory.events`,
        });
        sampler.close();
      }));

    const canUnshare = spawnSync("unshare", ["-C", "-m", "true"]).status === 0;
    for (const remounted of [false, true]) {
      it(`in a cgroup namespace ${remounted ? "mounted again" : "not mounted again"}`, {
        skip: !canUnshare && "needs unshare(1) with -C",
      }, () =>
        inGroups(1, (group) => {
          group!.setLimit(610 * MiB);
          const command = [...runtime!.command, probe].map((arg) => `'${arg}'`).join(" ");
          const remount = remounted ? `umount -l ${top}; mount -t cgroup2 cgroup2 ${top}; ` : "";
          // Not by way of sh(1): busybox's has an unshare of its own, without -C.
          const { stdout, stderr } = spawnSync(
            "unshare",
            ["-C", "-m", "sh", "-c", `${remount}${command}`],
            { encoding: "utf8" },
          );
          assert.match(stdout, /^\{/, stderr);
          const found: { info: { cgroupLimit?: number }; signals: Signals } = JSON.parse(stdout);
          if (remounted) {
            assert.equal(found.info.cgroupLimit, 610 * MiB);
          } else {
            assert.equal(found.info.cgroupLimit, undefined, "unknown, not unlimited");
            assert.match(found.signals.cgroupLimit.reason!, /namespace was unshared/);
          }
        }));
    }
  });
}
