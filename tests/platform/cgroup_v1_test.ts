// What only version 1 has: limits that memory.stat alone tells of, groups that
// bind nothing below them, and names that version 2 does not know.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openEngine } from "../../platform/engine.ts";
import { LinuxReader } from "../../platform/linux/linux_reader.ts";
import { MiB } from "../../src/bytes.ts";
import type { MemInfo } from "../../src/mem_info.ts";
import type { Signals } from "../../src/sampler.ts";
import { MEMINFO } from "../fixtures/cgroup_trees.ts";
import { fullReading } from "../support/full_reading.ts";
import { MemoryIo } from "../support/memory_io.ts";

const TOTAL = 8000 * MiB;
const TOP = "/sys/fs/cgroup";
const POD = `${TOP}/pod`;
const APP = `${POD}/app`;
const NONE = "9223372036854771712\n";

type Files = Record<string, string>;

const BASE: Files = {
  "/proc/meminfo": MEMINFO,
  "/proc/self/status": "VmRSS: 4096 kB\n",
  // The first line is of version 2, whose hierarchy is not mounted.
  "/proc/self/cgroup": "0::/\n4:memory:/pod/app\n",
  "/proc/self/mountinfo": `36 32 0:33 / ${TOP} rw - cgroup cgroup rw,memory\n`,
};

/** The files of a level; sizes are MiB, and `hierarchical` is the limit in its memory.stat. */
const level = (
  folder: string,
  limit: number | "none" | "malformed",
  usage: number,
  hierarchical: number | "none" = "none",
): Files => ({
  [`${folder}/memory.limit_in_bytes`]: typeof limit === "number"
    ? `${limit * MiB}\n`
    : limit === "none"
    ? NONE
    : "x\n",
  [`${folder}/memory.usage_in_bytes`]: `${usage * MiB}\n`,
  [`${folder}/memory.stat`]: `hierarchical_memory_limit ${
    hierarchical === "none" ? NONE : `${hierarchical * MiB}\n`
  }total_inactive_file 0\n`,
});

interface Opened {
  io: MemoryIo;
  info: () => MemInfo;
  signals: () => Signals;
}

function withFiles(files: Files, use: (opened: Opened) => void): void {
  const io = new MemoryIo(
    Object.fromEntries(Object.entries(files).map(([path, text]) => [path.slice(1), text])),
  );
  const reader = new LinuxReader("", io, openEngine({}), () => 0);
  use({
    io,
    info: () => reader.sample(fullReading(reader, false), Infinity),
    signals: () => reader.signals(fullReading(reader, false)),
  });
  reader.close();
  assert.equal(io.unclosed, 0, "a descriptor is left open");
}

/** What is left below the effective limit, in MiB, and the file of that limit. */
function leaves(files: Files, left: number, source: string): void {
  withFiles(files, ({ info, signals }) => {
    assert.equal(info().headroom()! / MiB, left);
    assert.equal(signals().cgroupLimit.source, source);
  });
}

describe("a limit that only memory.stat tells of", () => {
  it("belongs to a level out of sight above the outermost one, with at least its usage", () =>
    leaves(
      { ...BASE, ...level(POD, "none", 100), ...level(APP, "none", 10, 256) },
      156,
      `${APP}/memory.stat`,
    ));

  it("belongs to the innermost of the levels that cannot be read", () =>
    leaves(
      {
        ...BASE,
        ...level(TOP, "malformed", 200),
        ...level(POD, "malformed", 100),
        ...level(APP, "none", 10, 256),
      },
      156,
      `${APP}/memory.stat`,
    ));

  it("is none where a level in sight has it", () => {
    leaves(
      { ...BASE, ...level(POD, "none", 60), ...level(APP, 64, 4, 64) },
      60,
      `${APP}/memory.limit_in_bytes`,
    );
    leaves(
      { ...BASE, ...level(POD, 64, 60), ...level(APP, 100, 50, 64) },
      4,
      `${POD}/memory.limit_in_bytes`,
    );
  });

  it("counts up to the host's memory, and not above it", () => {
    const files = (hierarchical: number) => ({ ...BASE, ...level(APP, "none", 10, hierarchical) });
    withFiles(files(8000), ({ info }) => assert.equal(info().cgroupLimit, TOTAL));
    withFiles(files(8001), ({ info }) => assert.equal(info().cgroupLimit, Infinity));
  });

  it("is looked for at the opening, so that samples without one do not read memory.stat", () => {
    for (
      const files of [
        { ...BASE, ...level(APP, "none", 10) },
        { ...BASE, ...level(APP, 64, 10, 64) },
        { ...BASE, ...level(POD, "none", 60), ...level(APP, 64, 4, 64) },
      ]
    ) {
      withFiles(files, ({ io, info }) => {
        io.calls.length = 0;
        info();
        assert.deepEqual(io.calls.filter((call) => call.endsWith("memory.stat")), []);
      });
    }
  });

  it("is not looked for on version 2", () =>
    withFiles({
      ...BASE,
      "/proc/self/cgroup": "0::/pod/app\n",
      "/proc/self/mountinfo": `30 24 0:26 / ${TOP} rw - cgroup2 cgroup2 rw\n`,
      [`${APP}/memory.max`]: "max\n",
      [`${APP}/memory.current`]: `${MiB}\n`,
      [`${APP}/memory.stat`]: `hierarchical_memory_limit ${64 * MiB}\n`,
    }, ({ info }) => assert.equal(info().cgroupLimit, Infinity)));
});

describe("a group without use_hierarchy", () => {
  const tight = { ...BASE, ...level(POD, 64, 63), ...level(APP, 128, 28) };

  it("does not bind the groups below it, and those above it do not either", () =>
    leaves(
      { ...tight, [`${POD}/memory.use_hierarchy`]: "0\n", ...level(TOP, 40, 39) },
      100,
      `${APP}/memory.limit_in_bytes`,
    ));

  it("limits its own processes", () =>
    leaves(
      { ...tight, ...level(POD, "none", 63), [`${APP}/memory.use_hierarchy`]: "0\n" },
      100,
      `${APP}/memory.limit_in_bytes`,
    ));

  for (const [title, content] of [["1", "1\n"], ["nothing", ""], ["something else", "x0\n"]]) {
    it(`is one whose file says 0, not ${title}`, () =>
      leaves(
        { ...tight, [`${POD}/memory.use_hierarchy`]: content! },
        1,
        `${POD}/memory.limit_in_bytes`,
      ));
  }

  it("is not known on version 2, where every level counts", () =>
    withFiles({
      ...BASE,
      "/proc/self/cgroup": "0::/pod/app\n",
      "/proc/self/mountinfo": `30 24 0:26 / ${TOP} rw - cgroup2 cgroup2 rw\n`,
      [`${APP}/memory.max`]: "max\n",
      [`${APP}/memory.current`]: `${MiB}\n`,
      [`${POD}/memory.max`]: `${64 * MiB}\n`,
      [`${POD}/memory.current`]: `${MiB}\n`,
      [`${POD}/memory.use_hierarchy`]: "0\n",
    }, ({ info }) => assert.equal(info().cgroupLimit, 64 * MiB)));
});

describe("the root of a version 1 hierarchy", () => {
  it("takes no limit, and is told by a file that only it has", () => {
    const files = { ...BASE, ...level(TOP, 64, 63), ...level(POD, 100, 50) };
    leaves({ ...files, ...level(APP, 80, 10) }, 1, `${TOP}/memory.limit_in_bytes`);
    leaves(
      { ...files, ...level(APP, 80, 10), [`${TOP}/cgroup.sane_behavior`]: "0\n" },
      50,
      `${POD}/memory.limit_in_bytes`,
    );
  });

  it("is read all the same where the process is in it", () =>
    leaves(
      {
        ...BASE,
        "/proc/self/cgroup": "4:memory:/\n",
        ...level(TOP, 64, 63),
        [`${TOP}/cgroup.sane_behavior`]: "0\n",
      },
      1,
      `${TOP}/memory.limit_in_bytes`,
    ));
});

describe("version 1", () => {
  it("has no throttle limit, whatever files there are", () =>
    withFiles(
      { ...BASE, ...level(APP, 64, 4), [`${APP}/memory.high`]: `${MiB}\n` },
      ({ info, signals }) => {
        assert.equal(info().cgroupLimit, 64 * MiB);
        assert.equal(signals().cgroupLimit.throttleAt, undefined);
      },
    ));
});

describe("two levels that leave the same", () => {
  it("are explained by the inner one", () =>
    leaves(
      { ...BASE, ...level(POD, 100, 60), ...level(APP, 50, 10) },
      40,
      `${APP}/memory.limit_in_bytes`,
    ));
});
