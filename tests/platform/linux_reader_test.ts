// What one reader takes from procfs and the engine, and how `signals` explains it.

import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { type EngineHost, openEngine } from "../../platform/engine.ts";
import { RECHECK_PERIOD } from "../../platform/linux/cgroup.ts";
import { JOINT_FOR, LinuxReader } from "../../platform/linux/linux_reader.ts";
import { MiB } from "../../src/bytes.ts";
import type { MemInfo } from "../../src/mem_info.ts";
import type { Signals } from "../../src/sampler.ts";
import { MEMINFO } from "../fixtures/cgroup_trees.ts";
import { fullReading } from "../support/full_reading.ts";
import { MemoryIo } from "../support/memory_io.ts";

const TOP = "/sys/fs/cgroup";
const OWN = `${TOP}/memory.pressure`;
const HOST = "/proc/pressure/memory";

/** Stalls of so many microseconds in all. */
const stalls = (total: number) =>
  ["some", "full"].map((name) => `${name} avg10=0.00 avg60=0.00 avg300=0.00 total=${total}\n`)
    .join("");

/** The auxiliary vector of a process whose pages have 16 KiB. */
const AUXV = new Uint8Array(new BigUint64Array([6n, 16_384n, 0n, 0n]).buffer);

const FILES: Record<string, string | Uint8Array> = {
  "/proc/meminfo": MEMINFO,
  "/proc/self/status": "VmRSS: 4096 kB\n",
  "/proc/self/cgroup": "0::/\n",
  "/proc/self/mountinfo": `30 24 0:26 / ${TOP} rw - cgroup2 cgroup2 rw\n`,
  [`${TOP}/memory.max`]: `${300 * MiB}\n`,
  [`${TOP}/memory.current`]: `${100 * MiB}\n`,
};

const PAGED = { ...FILES, "/proc/self/auxv": AUXV, "/proc/self/statm": "900 100 7 1 0 5 0\n" };

let reader: LinuxReader | undefined;
let io: MemoryIo;
let now: number;
const clock = Date.now;

afterEach(() => {
  Date.now = clock;
  reader?.close();
  reader = undefined;
  assert.equal(io.unclosed, 0, "a descriptor is left open");
});

/** Opens a reader of these files below `root`, without those that are undefined. */
function open(
  files: Record<string, string | Uint8Array | undefined>,
  { root = "", host = {} }: { root?: string; host?: EngineHost } = {},
): LinuxReader {
  now = 1_000;
  const present = Object.entries(files).filter((entry) => entry[1] !== undefined);
  io = new MemoryIo(
    Object.fromEntries(present.map(([path, text]) => [`${root}${path}`.slice(1), text!])),
  );
  return reader = new LinuxReader(root, io, openEngine(host), () => now);
}

function sampleOf(reader: LinuxReader, workingSet = false, pressure = false): MemInfo {
  return reader.sample(fullReading(reader, workingSet, pressure), Infinity);
}

function signalsOf(name: keyof Signals, pressure = false) {
  sampleOf(reader!, false, pressure);
  return reader!.signals(fullReading(reader!, false, pressure))[name];
}

describe("the resident set", () => {
  const host: EngineHost = {
    memoryUsage: () => ({ rss: 77, heapTotal: 1, heapUsed: 1, external: 1 }),
  };

  it("is counted in pages where their size is known", () => {
    assert.equal(sampleOf(open(PAGED)).processRss, 100 * 16_384);
    assert.deepEqual(signalsOf("processRss"), { available: true, source: "/proc/self/statm" });
  });

  it("is read from another file where it is not", () => {
    for (const auxv of [undefined, new Uint8Array(16)]) {
      open({ ...PAGED, "/proc/self/auxv": auxv });
      assert.equal(sampleOf(reader!, false, false).processRss, 4096 * 1024);
      assert.deepEqual(signalsOf("processRss"), { available: true, source: "/proc/self/status" });
      reader!.close();
    }
  });

  it("is unknown where the file is malformed or missing", () => {
    const cases: [string, string | undefined, string][] = [
      ["/proc/self/statm", "1\n", "/proc/self/statm is malformed"],
      ["/proc/self/statm", undefined, "/proc/self/statm does not exist"],
      ["/proc/self/status", "VmRSS: x\n", "/proc/self/status is malformed"],
    ];
    for (const [path, text, reason] of cases) {
      open({ ...(path.endsWith("statm") ? PAGED : FILES), [path]: text });
      assert.equal(sampleOf(reader!, false, false).processRss, undefined);
      assert.deepEqual(signalsOf("processRss"), { available: false, source: path, reason });
      reader!.close();
    }
  });

  it("is the engine's where that tells it, and no file is read for it", () => {
    open(FILES, { host });
    io.calls.length = 0;
    assert.equal(sampleOf(reader!, false, false).processRss, 77);
    assert.ok(!io.calls.includes("read /proc/self/status"));
    assert.deepEqual(signalsOf("processRss"), {
      available: true,
      source: "process.memoryUsage()",
    });
  });

  it("is a file's where the engine's call fails", () => {
    const memoryUsage = () => {
      throw new Error("no descriptor");
    };
    assert.equal(
      sampleOf(open(FILES, { host: { memoryUsage } })).processRss,
      4096 * 1024,
    );
  });

  it("is never the engine's below another root, which is not this host", () => {
    assert.equal(sampleOf(open(FILES, { root: "/x", host })).processRss, 4096 * 1024);
  });

  it("counts as nothing where it is unknown as well, so that the lowest limit is effective", () => {
    open({
      ...PAGED,
      "/proc/self/statm": "1\n",
      "/proc/self/cgroup": "0::/app\n",
      [`${TOP}/memory.current`]: undefined,
      [`${TOP}/app/memory.max`]: `${7 * MiB}\n`,
    });
    assert.equal(sampleOf(reader!).cgroupLimit, 7 * MiB);
  });

  it("stands in for the usage of a level that cannot be read", () => {
    open({
      ...FILES,
      "/proc/self/cgroup": "0::/app\n",
      [`${TOP}/memory.current`]: `${295 * MiB}\n`,
      [`${TOP}/app/memory.max`]: `${7 * MiB}\n`,
    });
    assert.equal(sampleOf(reader!, false, false).headroom(), 3 * MiB);
  });
});

describe("a root", () => {
  it("may end in a slash", () => {
    open(FILES);
    for (const root of ["/", "/y/"]) {
      const files = new MemoryIo(
        Object.fromEntries(
          Object.entries(FILES).map(([path, text]) => [`${root}${path.slice(1)}`.slice(1), text]),
        ),
      );
      const other = new LinuxReader(root, files, openEngine({}));
      assert.equal(sampleOf(other).headroom(), 200 * MiB);
      assert.equal(
        other.signals(fullReading(other, false)).cgroupLimit.source,
        `${root}${TOP.slice(1)}/memory.max`,
      );
      other.close();
    }
  });

  it("can be used where any file of procfs can be opened", () => {
    const cases: [string[], boolean][] = [
      [["/proc/meminfo", "/proc/self/status"], true],
      [["/proc/meminfo"], true],
      [["/proc/self/status"], true],
      [[], false],
    ];
    for (const [paths, usable] of cases) {
      open(Object.fromEntries(paths.map((path) => [path, FILES[path]])));
      assert.equal(reader!.usable, usable, `${paths}`);
      reader!.close();
    }
    assert.equal(reader!.problem, "/proc/meminfo does not exist");
  });
});

describe("/proc/meminfo", () => {
  const names = ["systemTotal", "systemAvailable"] as const;

  it("is named for the host's memory", () => {
    open(FILES);
    for (const name of names) {
      assert.deepEqual(signalsOf(name), { available: true, source: "/proc/meminfo" });
    }
  });

  it("is explained where it is missing, or has no such line", () => {
    const cases: [string | undefined, string][] = [
      [undefined, "/proc/meminfo does not exist"],
      ["x\n", "/proc/meminfo is malformed: it has no such line with a size in kB"],
    ];
    for (const [text, reason] of cases) {
      open({ ...FILES, "/proc/meminfo": text });
      for (const name of names) {
        assert.deepEqual(signalsOf(name), { available: false, source: "/proc/meminfo", reason });
      }
      reader!.close();
    }
  });

  it("is to blame itself where it cannot be read while the cgroup is unknown", () => {
    open(FILES);
    reader!.close();
    io.failures.set(`${TOP}/memory.max`, "ENOMEM").set("/proc/meminfo", "EACCES");
    reader = new LinuxReader("", io, openEngine({}), () => now);
    assert.equal(signalsOf("systemAvailable").reason, "this user may not read /proc/meminfo");
  });

  it("does not stand for the last reading once it cannot be read any more", () => {
    sampleOf(open(FILES));
    io.files.delete("/proc/meminfo");
    const info = sampleOf(reader!, false, false);
    assert.deepEqual([info.systemTotal, info.systemAvailable], [undefined, undefined]);
  });
});

describe("pressure", () => {
  const BOTH = { ...FILES, [OWN]: stalls(1), [HOST]: stalls(2) };
  const total = () => sampleOf(reader!, false, true).pressure?.some.total;

  it("is explained where it was not asked for, is malformed, or there is none", () => {
    open(BOTH);
    assert.deepEqual(signalsOf("pressure"), {
      available: false,
      source: HOST,
      reason: "not asked for: set pressure to true",
    });
    assert.deepEqual(signalsOf("pressure", true), { available: true, source: OWN });
    reader!.close();
    open({ ...BOTH, [OWN]: "x\n" });
    assert.deepEqual(signalsOf("pressure", true), {
      available: false,
      source: OWN,
      reason: `${OWN} is malformed`,
    });
    reader!.close();
    open(FILES);
    const none = { available: false, source: HOST, reason: `${HOST} does not exist` };
    assert.deepEqual(signalsOf("pressure", true), none);
    reader!.close();
    open({ ...FILES, "/proc/self/cgroup": undefined });
    assert.deepEqual(signalsOf("pressure", true), none);
    assert.ok(!io.calls.some((call) => call.includes("undefined")));
  });

  it("becomes the host's in the sample in which the cgroup's file is gone", () => {
    open(BOTH);
    assert.equal(total(), 1);
    io.files.delete(OWN);
    assert.equal(total(), 2);
    io.files.set(OWN, new TextEncoder().encode(stalls(3)));
    Date.now = () => clock() + RECHECK_PERIOD;
    assert.equal(total(), 3);
  });

  it("keeps its file open over a check that finds it in place", () => {
    open(BOTH);
    total();
    io.calls.length = 0;
    Date.now = () => clock() + RECHECK_PERIOD;
    assert.equal(total(), 1);
    assert.ok(!io.calls.includes(`open ${OWN}`));
  });

  it("is tried again at a check where it could not be opened", () => {
    open(BOTH);
    io.failures.set(OWN, "EACCES");
    assert.equal(total(), undefined);
    io.failures.clear();
    assert.equal(total(), undefined);
    Date.now = () => clock() + RECHECK_PERIOD;
    assert.equal(total(), 1);
  });
});

describe("joint readings", () => {
  it("are as old as one millisecond, not older, at any time", () => {
    open(FILES);
    for (const start of [0, 5_000]) {
      now = start;
      const first = reader!.sampleJointly(fullReading(reader!, false, false), undefined);
      now = start + JOINT_FOR * 0.9;
      assert.equal(reader!.sampleJointly(fullReading(reader!, false, false), undefined), first);
      now = start + JOINT_FOR;
      assert.notEqual(reader!.sampleJointly(fullReading(reader!, false, false), undefined), first);
    }
  });

  it("are apart for each combination of options", () => {
    open(FILES);
    const kinds: [boolean, boolean][] = [[false, false], [true, false], [false, true], [
      true,
      true,
    ]];
    const infos = kinds.map(([ws, pressure]) =>
      reader!.sampleJointly(fullReading(reader!, ws, pressure), undefined)
    );
    assert.equal(new Set(infos).size, 4);
    kinds.forEach(([ws, pressure], i) =>
      assert.equal(reader!.sampleJointly(fullReading(reader!, ws, pressure), undefined), infos[i])
    );
  });
});

describe("the kernel's events", () => {
  const listens = (files: Record<string, string | Uint8Array>, unref = false) => {
    const stop = open(files).onPressure(() => {}, unref);
    stop?.();
    reader!.close();
    return stop !== undefined;
  };

  it("can be listened for unless nothing will ever tell of them", () => {
    const V1 = { ...FILES, "/proc/self/cgroup": "4:memory:/\n" };
    const mounted = `36 32 0:33 / ${TOP} rw - cgroup cgroup rw,memory\n`;
    assert.equal(listens(FILES), true, "a file may appear");
    assert.equal(listens({ ...FILES, "/proc/self/mountinfo": "" }), true, "so may a mount");
    assert.equal(listens(V1), true, "its hierarchy may be mounted");
    assert.equal(listens({ ...V1, "/proc/self/mountinfo": mounted }), false, "version 1");
    assert.equal(listens({ ...FILES, "/proc/self/cgroup": "1:name=systemd:/\n" }), false, "none");
  });

  it("keep the process alive in Deno, where they are left out if it must not be", () => {
    assert.equal(listens(FILES, true), !("Deno" in globalThis));
  });
});
