// Headroom while some file of the cgroup cannot be read: what the readable
// levels leave is an upper bound, and `signals` names the file.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MiB } from "../../src/bytes.ts";
import { openSampler } from "../../src/host/sampling.ts";
import type { MemInfo } from "../../src/mem_info.ts";
import type { Signals, Usage } from "../../src/sampler.ts";
import { MEMINFO } from "../fixtures/cgroup_trees.ts";
import { writeTree } from "../support/environments.ts";
import { withTempFolder } from "../support/temp.ts";

const AVAILABLE = 6000 * MiB;
const RSS = 4000 * 1024;

type Files = Record<string, string | undefined>;

const PARENT = "sys/fs/cgroup/pod";
const OWN = `${PARENT}/app`;

/** A tight own level below a wide one; `changes` replaces files, `undefined` removes. */
const v2 = (changes: Files): Files => ({
  "proc/meminfo": MEMINFO,
  "proc/self/cgroup": "0::/pod/app\n",
  "proc/self/mountinfo": "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
  "proc/self/status": "Name:\tx\nVmRSS:\t    4000 kB\n",
  [`${OWN}/memory.max`]: "104857600\n",
  [`${OWN}/memory.current`]: "104000000\n",
  [`${OWN}/memory.stat`]: "inactive_file 4000000\n",
  [`${PARENT}/memory.max`]: "1048576000\n",
  [`${PARENT}/memory.current`]: "300000000\n",
  [`${PARENT}/memory.stat`]: "inactive_file 9000000\n",
  ...changes,
});

const V1_NONE = "9223372036854771712\n";
const V1_TOP = "sys/fs/cgroup/memory";
const v1Stat = (hierarchical: number | string, inactive = 0) =>
  `hierarchical_memory_limit ${hierarchical}\ntotal_inactive_file ${inactive}\n`;

/** Version 1: two visible levels below an ancestor that is out of sight. */
const v1 = (changes: Files): Files => ({
  ...v2({}),
  "proc/self/cgroup": "4:memory:/pod/app/job\n",
  "proc/self/mountinfo": "36 32 0:33 /pod/app /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
  [`${V1_TOP}/job/memory.limit_in_bytes`]: V1_NONE,
  [`${V1_TOP}/job/memory.usage_in_bytes`]: `${10 * MiB}\n`,
  [`${V1_TOP}/job/memory.stat`]: v1Stat(256 * MiB),
  [`${V1_TOP}/job/memory.use_hierarchy`]: "1\n",
  [`${V1_TOP}/memory.limit_in_bytes`]: `${512 * MiB}\n`,
  [`${V1_TOP}/memory.usage_in_bytes`]: `${200 * MiB}\n`,
  [`${V1_TOP}/memory.stat`]: v1Stat(256 * MiB),
  [`${V1_TOP}/memory.use_hierarchy`]: "1\n",
  ...changes,
});

interface Opened {
  info: () => MemInfo;
  signals: () => Signals;
  put: (files: Files) => void;
}

/** Runs `use` with a sampler of these files. */
function withFiles(files: Files, use: (opened: Opened) => void, usage: Usage = "current") {
  return withTempFolder((root) => {
    const put = (some: Files) => {
      const present = Object.entries(some).filter((entry) => entry[1] !== undefined);
      writeTree(root, Object.fromEntries(present) as Record<string, string>);
    };
    put(files);
    const sampler = openSampler({ adapter: "linux", root, usage });
    try {
      use({ info: () => sampler.sample() as MemInfo, signals: () => sampler.signals, put });
    } finally {
      sampler.close();
    }
  });
}

/** What a case expects. */
interface Case {
  title: string;
  files: Files;
  usage?: Usage;
  headroom: number;
  limit: number | undefined;
  /** What the note or the reason of `cgroupLimit` and `cgroupCurrent` says. */
  limitSays?: RegExp;
  currentSays?: RegExp;
}

const CASES: Case[] = [
  {
    title: "the parent's usage is missing: the own level is tighter than the parent can be",
    files: v2({ [`${PARENT}/memory.current`]: undefined }),
    headroom: 857_600,
    limit: 104_857_600,
  },
  {
    title: "the parent's limit is malformed: the own level still binds",
    files: v2({ [`${PARENT}/memory.max`]: "12x\n" }),
    headroom: 857_600,
    limit: 104_857_600,
    limitSays: /^upper bound, as .*pod\/memory\.max is malformed: "12x" is neither/,
  },
  {
    title: "the own limit is malformed: the parent's is left",
    files: v2({ [`${OWN}/memory.max`]: "\0\xff" }),
    headroom: 748_576_000,
    limit: 1_048_576_000,
    limitSays: /^upper bound, as .*app\/memory\.max is malformed/,
  },
  {
    title: "the usage of the level that binds is missing: that of the level below is the least",
    files: v2({
      [`${OWN}/memory.max`]: "max\n",
      [`${PARENT}/memory.current`]: undefined,
    }),
    headroom: 944_576_000,
    limit: 1_048_576_000,
    currentSays: /^lower bound, as .*pod\/memory\.current does not exist$/,
  },
  {
    title: "the same by the working set, of the level below as well",
    files: v2({
      [`${OWN}/memory.max`]: "max\n",
      [`${PARENT}/memory.current`]: "many\n",
    }),
    usage: "workingSet",
    headroom: 948_576_000,
    limit: 1_048_576_000,
    currentSays: /^lower bound, as .*pod\/memory\.current is malformed: "many" is not a size$/,
  },
  {
    title: "no usage can be read: the resident set is the least, against the lowest limit",
    files: v2({
      [`${OWN}/memory.current`]: undefined,
      [`${PARENT}/memory.current`]: undefined,
    }),
    headroom: 104_857_600 - RSS,
    limit: 104_857_600,
    currentSays: /app\/memory\.current does not exist/,
  },
  {
    title: "the own usage cannot be read and the parent is over its limit: nothing is left",
    files: v2({
      [`${OWN}/memory.current`]: undefined,
      [`${PARENT}/memory.current`]: "1048576001\n",
    }),
    headroom: 0,
    limit: 1_048_576_000,
  },
  {
    title: "a limit below the resident set, no usage: nothing is left",
    files: v2({
      [`${OWN}/memory.max`]: "4096\n",
      [`${OWN}/memory.current`]: undefined,
      [`${PARENT}/memory.current`]: undefined,
    }),
    headroom: 0,
    limit: 4096,
    currentSays: /app\/memory\.current does not exist/,
  },
  {
    title: "memory.stat is missing: the usage counts, page cache and all",
    files: v2({ [`${OWN}/memory.stat`]: undefined }),
    usage: "workingSet",
    headroom: 857_600,
    limit: 104_857_600,
  },
  {
    title: "no readable level has a limit: host memory counts",
    files: v2({ [`${OWN}/memory.max`]: "max\n", [`${PARENT}/memory.max`]: "" }),
    headroom: AVAILABLE,
    limit: undefined,
    limitSays: /^\/.*pod\/memory\.max is malformed: "" is neither/,
  },
  {
    title: "v1: the limit of a visible level is malformed, the hidden one is lower still",
    files: v1({ [`${V1_TOP}/memory.limit_in_bytes`]: "x\n" }),
    headroom: 56 * MiB,
    limit: 256 * MiB,
    limitSays: /^upper bound, as .*memory\/memory\.limit_in_bytes is malformed/,
  },
  {
    title: "v1: the own limit is malformed, and memory.stat repeats it",
    files: v1({
      [`${V1_TOP}/job/memory.limit_in_bytes`]: "x\n",
      [`${V1_TOP}/job/memory.stat`]: v1Stat(64 * MiB),
    }),
    headroom: 54 * MiB,
    limit: 64 * MiB,
    limitSays: /^upper bound, as .*job\/memory\.limit_in_bytes is malformed/,
  },
];

describe("headroom is what the readable levels leave when", () => {
  for (const { title, files, usage, headroom, limit, limitSays, currentSays } of CASES) {
    it(title, () =>
      withFiles(files, ({ info, signals }) => {
        assert.equal(info().headroom(), headroom);
        assert.equal(info().cgroupLimit, limit);
        const { cgroupLimit, cgroupCurrent } = signals();
        assert.equal(cgroupLimit.available, limit !== undefined);
        const said = (signal: Signals["cgroupLimit"]) => signal.reason ?? signal.note ?? "";
        assert.match(said(cgroupLimit), limitSays ?? /^$/);
        assert.match(said(cgroupCurrent), currentSays ?? /^$/);
        assert.equal(cgroupCurrent.estimate, /lower bound/.test(said(cgroupCurrent)) || undefined);
        assert.doesNotMatch(said(cgroupLimit), /controller off/);
      }, usage));
  }

  it("v1: a hidden limit can no longer be read, and when it can again", () =>
    withFiles(v1({}), ({ info, signals, put }) => {
      const stat = `${V1_TOP}/job/memory.stat`;
      assert.equal(info().headroom(), 56 * MiB);
      put({ [stat]: "total_inactive_file 0\n" });
      assert.equal(info().headroom(), 312 * MiB, "what the visible level leaves");
      assert.match(
        signals().cgroupLimit.note!,
        /^upper bound, as .*memory\.stat is malformed: it has no line hierarchical_memory_limit/,
      );
      put({ [`${V1_TOP}/memory.limit_in_bytes`]: V1_NONE });
      assert.equal(info().cgroupLimit, undefined, "unknown, not unlimited");
      put({ [stat]: v1Stat(256 * MiB) });
      assert.equal(info().headroom(), 56 * MiB);
    }));

  it("the host's total can no longer be read: limits above it are ignored all the same", () =>
    withFiles(v2({ [`${OWN}/memory.max`]: "max\n" }), ({ info, put }) => {
      put({ [`${PARENT}/memory.max`]: `${9000 * MiB}\n` });
      assert.equal(info().cgroupLimit, Infinity);
      put({ "proc/meminfo": "" });
      assert.equal(info().cgroupLimit, Infinity);
      assert.equal(info().headroom(), undefined);
    }));
});

describe("signals say what is wrong with a file when", () => {
  const BARE = v2({
    [`${PARENT}/memory.max`]: undefined,
    [`${PARENT}/memory.current`]: undefined,
  });

  it("memory.max is malformed at the only level that has one", () =>
    withFiles({ ...BARE, [`${OWN}/memory.max`]: "lots\n" }, ({ signals }) =>
      assert.match(
        signals().cgroupLimit.reason!,
        /app\/memory\.max is malformed: "lots" is neither a size nor the word for no limit$/,
      )));

  it("memory.current is malformed", () =>
    withFiles({ ...BARE, [`${OWN}/memory.current`]: "-1\n" }, ({ signals }) =>
      assert.match(
        signals().cgroupCurrent.reason!,
        /app\/memory\.current is malformed: "-1" is not a size$/,
      )));

  it("memory.stat is missing, or has no such line", async () => {
    const reasonWith = (stat: string | undefined, expected: RegExp) =>
      withFiles(
        { ...BARE, [`${OWN}/memory.stat`]: stat },
        ({ signals }) => assert.match(signals().cgroupWorkingSet.reason!, expected),
        "workingSet",
      );
    await reasonWith(undefined, /app\/memory\.stat does not exist$/);
    await reasonWith(
      "anon 1\ninactive_file\n",
      /memory\.stat is malformed: it has no line inactive_file with a number$/,
    );
  });

  it("/proc/meminfo is malformed", () =>
    withFiles({ ...BARE, "proc/meminfo": "MemTotal: x\n" }, ({ signals }) =>
      assert.match(
        signals().systemTotal.reason!,
        /proc\/meminfo is malformed/,
      )));
});

describe("a long file is read to its end:", () => {
  // More than the buffer that reading begins with.
  const filler = (line: string) => line.repeat(20_000);

  it("memory.stat", () =>
    withFiles(
      v2({ [`${OWN}/memory.stat`]: `${filler("pages 1\n")}inactive_file 4000000\n` }),
      ({ info }) => {
        assert.equal(info().cgroupWorkingSet, 100_000_000);
        assert.equal(info().headroom(), 4_857_600);
      },
      "workingSet",
    ));

  it("/proc/self/cgroup", () =>
    withFiles(
      v2({ "proc/self/cgroup": `${filler("9:name=x:/elsewhere\n")}0::/pod/app\n` }),
      ({ info }) => assert.equal(info().headroom(), 857_600),
    ));

  it("/proc/self/mountinfo", () =>
    withFiles(
      v2({
        "proc/self/mountinfo": `${filler("1 2 0:3 / /m rw - ext4 x rw\n")}` +
          v2({})["proc/self/mountinfo"],
      }),
      ({ info }) => assert.equal(info().headroom(), 857_600),
    ));

  it("but not without end", () =>
    withFiles(
      v2({ [`${OWN}/memory.stat`]: "pages 1\n".repeat(600_000) }),
      ({ info, signals }) => {
        assert.equal(info().cgroupWorkingSet, undefined);
        assert.match(signals().cgroupWorkingSet.reason!, /is longer than 4194304 bytes/);
      },
      "workingSet",
    ));
});

describe("a cgroup whose name ends in (deleted)", () => {
  const NAMED = "sys/fs/cgroup/x (deleted)";

  it("is read on v2 if there is such a folder", () =>
    withFiles({
      ...v2({ "proc/self/cgroup": "0::/x (deleted)\n" }),
      [`${NAMED}/memory.max`]: `${64 * MiB}\n`,
      [`${NAMED}/memory.current`]: `${MiB}\n`,
    }, ({ info }) => assert.equal(info().headroom(), 63 * MiB)));

  it("is read on v1", () =>
    withFiles({
      ...v2({ "proc/self/cgroup": "4:memory:/x (deleted)\n" }),
      "proc/self/mountinfo": "36 32 0:33 / /sys/fs/cgroup rw - cgroup cgroup rw,memory\n",
      [`${NAMED}/memory.limit_in_bytes`]: `${64 * MiB}\n`,
      [`${NAMED}/memory.usage_in_bytes`]: `${MiB}\n`,
      "sys/fs/cgroup/cgroup.sane_behavior": "0\n",
    }, ({ info }) => assert.equal(info().headroom(), 63 * MiB)));

  it("and that was removed loses the kernel's suffix only", () =>
    withFiles({
      ...v2({ "proc/self/cgroup": "0::/x (deleted) (deleted)\n" }),
      [`${NAMED}/memory.max`]: `${64 * MiB}\n`,
      [`${NAMED}/memory.current`]: `${MiB}\n`,
    }, ({ info }) => assert.equal(info().headroom(), 63 * MiB)));
});
