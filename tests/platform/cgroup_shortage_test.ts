// A shortage of memory or descriptors while single files of the cgroup are
// opened: the limit is then unknown, not absent, and the next sample tries again.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openEngine } from "../../platform/engine.ts";
import { RECHECK_PERIOD } from "../../platform/linux/cgroup.ts";
import { LinuxReader } from "../../platform/linux/linux_reader.ts";
import { MiB } from "../../src/bytes.ts";
import type { MemInfo } from "../../src/mem_info.ts";
import type { Signals } from "../../src/sampler.ts";
import { MEMINFO } from "../fixtures/cgroup_trees.ts";
import { fullReading } from "../support/full_reading.ts";
import { MemoryIo } from "../support/memory_io.ts";

const TOP = "/sys/fs/cgroup";
const POD = `${TOP}/pod`;
const APP = `${POD}/app`;
const AVAILABLE = 6000 * MiB;

const V2: Record<string, string> = {
  "/proc/meminfo": MEMINFO,
  "/proc/self/status": "VmRSS: 4096 kB\n",
  "/proc/self/cgroup": "0::/pod/app\n",
  "/proc/self/mountinfo": `30 24 0:26 / ${TOP} rw - cgroup2 cgroup2 rw\n`,
  [`${APP}/memory.max`]: `${64 * MiB}\n`,
  [`${APP}/memory.current`]: `${4 * MiB}\n`,
};

const V1: Record<string, string> = {
  ...V2,
  "/proc/self/cgroup": "4:memory:/pod/app\n",
  "/proc/self/mountinfo": `36 32 0:33 / ${TOP} rw - cgroup cgroup rw,memory\n`,
  [`${POD}/memory.limit_in_bytes`]: `${64 * MiB}\n`,
  [`${POD}/memory.usage_in_bytes`]: `${63 * MiB}\n`,
  [`${POD}/memory.use_hierarchy`]: "0\n",
  [`${APP}/memory.limit_in_bytes`]: "9223372036854771712\n",
  [`${APP}/memory.usage_in_bytes`]: `${4 * MiB}\n`,
  [`${APP}/memory.stat`]: `hierarchical_memory_limit ${256 * MiB}\n`,
};

interface Opened {
  info: () => MemInfo;
  signals: () => Signals;
  /** The shortage is over. */
  recover: () => void;
}

/** Runs `use` with a reader that could not open these files for a shortage. */
function withShortage(
  files: Record<string, string>,
  paths: string[],
  use: (opened: Opened) => void,
  code = "ENOMEM",
): void {
  const io = new MemoryIo(
    Object.fromEntries(Object.entries(files).map(([path, text]) => [path.slice(1), text])),
  );
  for (const path of paths) io.failures.set(path, code);
  const reader = new LinuxReader("", io, openEngine({}), () => 0);
  use({
    info: () => reader.sample(fullReading(reader, false), Infinity),
    signals: () => reader.signals(fullReading(reader, false)),
    recover: () => io.failures.clear(),
  });
  reader.close();
  assert.equal(io.unclosed, 0, "a descriptor is left open");
}

describe("while a shortage keeps a limit from being read", () => {
  for (const path of [`${APP}/memory.max`, "/proc/self/cgroup", "/proc/self/mountinfo"]) {
    it(`host memory does not stand in for it: ${path}`, () =>
      withShortage(V2, [path], ({ info, signals, recover }) => {
        assert.equal(info().cgroupLimit, undefined);
        assert.equal(info().headroom(), undefined);
        const { systemAvailable, systemTotal } = signals();
        assert.deepEqual(systemAvailable, {
          available: false,
          source: "/proc/meminfo",
          reason: `withheld while the cgroup is unknown: cannot read ${path}: ENOMEM`,
        });
        assert.equal(systemTotal.available, true);
        recover();
        assert.equal(info().headroom(), 60 * MiB, "in the next sample");
        assert.equal(signals().systemAvailable.available, true);
      }));
  }

  it("nor if another level's limit is malformed", () => {
    const pod = { [`${POD}/memory.max`]: "x\n", [`${POD}/memory.current`]: "1\n" };
    withShortage(
      { ...V2, ...pod },
      [`${APP}/memory.max`],
      ({ info }) => assert.equal(info().headroom(), undefined),
    );
    withShortage(
      { ...V2, ...pod, [`${APP}/memory.max`]: "x\n", [`${POD}/memory.max`]: "max\n" },
      [`${POD}/memory.max`],
      ({ info }) => assert.equal(info().headroom(), undefined),
    );
  });

  it("what other levels leave is a bound, and host memory is another", () =>
    withShortage(
      {
        ...V2,
        [`${POD}/memory.max`]: `${256 * MiB}\n`,
        [`${POD}/memory.current`]: `${56 * MiB}\n`,
      },
      [`${APP}/memory.max`],
      ({ info, recover }) => {
        assert.equal(info().headroom(), 200 * MiB);
        assert.equal(info().systemAvailable, AVAILABLE);
        recover();
        assert.equal(info().headroom(), 60 * MiB);
      },
    ));

  it("but it does stand in where the file may never be read", () =>
    withShortage(V2, [`${APP}/memory.max`], ({ info, signals }) => {
      assert.equal(info().headroom(), AVAILABLE);
      assert.match(signals().cgroupLimit.reason!, /this user may not read .*memory\.max/);
    }, "EACCES"));
});

describe("after a shortage at the opening, the next sample knows", () => {
  const v1 = ({ info }: Opened) => info().headroom()! / MiB;

  it("v1: a limit that only memory.stat tells of", () =>
    withShortage(V1, [`${APP}/memory.stat`], (opened) => {
      opened.recover();
      assert.equal(v1(opened), 252);
    }));

  it("v1: a group that does not bind those below it", () =>
    withShortage(V1, [`${POD}/memory.use_hierarchy`], (opened) => {
      assert.equal(v1(opened), 1, "until it is known, it binds");
      opened.recover();
      assert.equal(v1(opened), 252);
    }));

  it("v1: while the shortage of memory.stat lasts, that there is no limit is not claimed", () =>
    withShortage(V1, [`${APP}/memory.stat`], ({ info, signals }) => {
      assert.equal(info().cgroupLimit, undefined);
      assert.equal(info().headroom(), undefined);
      assert.equal(
        signals().cgroupLimit.reason,
        `cannot read ${APP}/memory.stat: ENOMEM`,
      );
    }));

  for (const [when, wait] of [["in a later sample", 0], ["at a check", RECHECK_PERIOD]] as const) {
    it(`v1: nor ${when}, if the shortage begins then`, () => {
      const io = new MemoryIo(
        Object.fromEntries(Object.entries(V1).map(([path, text]) => [path.slice(1), text])),
      );
      io.transient = true; // each sample opens its files again
      const reader = new LinuxReader("", io, openEngine({}), () => 0);
      const sample = () => reader.sample(fullReading(reader, false), Infinity);
      const clock = Date.now;
      const now = clock();
      try {
        Date.now = () => now + wait;
        io.failures.set(`${APP}/memory.stat`, "ENOMEM");
        assert.equal(sample().headroom(), undefined);
        io.failures.clear();
        assert.equal(sample().headroom(), 252 * MiB);
      } finally {
        Date.now = clock;
        reader.close();
      }
    });
  }
});
