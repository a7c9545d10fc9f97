// The check, every five seconds, that the process is still in the same cgroup:
// what it reads and opens, and what it must not disturb. Calls are counted.

import assert from "node:assert/strict";
import fs from "node:fs";
import { afterEach, beforeEach, describe, it } from "node:test";
import { openEngine } from "../../platform/engine.ts";
import { RECHECK_PERIOD } from "../../platform/linux/cgroup.ts";
import { LinuxReader } from "../../platform/linux/linux_reader.ts";
import { MiB } from "../../src/bytes.ts";
import type { MemInfo } from "../../src/mem_info.ts";
import { MEMINFO } from "../fixtures/cgroup_trees.ts";
import { fullReading } from "../support/full_reading.ts";
import { MemoryIo } from "../support/memory_io.ts";

const TOP = "/sys/fs/cgroup";
const APP = `${TOP}/app`;
const NEW = `${TOP}/new`;
const SELF = "/proc/self/cgroup";
const MOUNTINFO = "/proc/self/mountinfo";

type Files = Record<string, string>;

const BARE: Files = {
  "/proc/meminfo": MEMINFO,
  "/proc/self/status": "VmRSS: 4096 kB\n",
  [SELF]: "0::/app\n",
  [MOUNTINFO]: `30 24 0:26 / ${TOP} rw - cgroup2 cgroup2 rw\n`,
};

const level = (folder: string, limit: number): Files => ({
  [`${folder}/memory.max`]: `${limit * MiB}\n`,
  [`${folder}/memory.current`]: `${MiB}\n`,
  [`${folder}/memory.events`]: "max 0\n",
});

const FILES = { ...BARE, ...level(APP, 64), ...level(NEW, 32) };

const PRESSURE = ["some", "full"]
  .map((name) => `${name} avg10=0.00 avg60=0.00 avg300=0.00 total=1\n`).join("");

const clock = Date.now;
const { watch } = fs;

let io: MemoryIo;
let reader: LinuxReader;
let now: number;
/** The files that are watched, and those that were. */
let watched: string[];
let unwatched: string[];

beforeEach(() => {
  now = clock();
  Date.now = () => now;
  watched = [];
  unwatched = [];
  fs.watch = ((path: string) => {
    watched.push(path);
    return { on() {}, close: () => void unwatched.push(path) };
  }) as never;
});

afterEach(() => {
  Date.now = clock;
  fs.watch = watch;
  reader.close();
  assert.equal(io.unclosed, 0, "a descriptor is left open");
});

function open(files: Files): void {
  io = new MemoryIo(
    Object.fromEntries(Object.entries(files).map(([path, text]) => [path.slice(1), text])),
  );
  reader = new LinuxReader("", io, openEngine({}), () => now);
}

const put = (path: string, text: string) => void io.files.set(path, new TextEncoder().encode(text));
const sample = (pressure = false): MemInfo =>
  reader.sample(fullReading(reader, false, pressure), Infinity);
const left = () => sample().headroom()! / MiB;

/** A sample at which the place is checked. */
function later(): MemInfo {
  now += RECHECK_PERIOD;
  return sample();
}

/** The calls of such a sample but for `exists` and the reads of any sample. */
function callsOfCheck(): string[] {
  sample();
  io.calls.length = 0;
  sample();
  const usual = io.calls.splice(0);
  later();
  return io.calls.splice(0).filter((call) => !usual.includes(call) && !call.startsWith("exists "));
}

describe("a check of the cgroup's place", () => {
  it("reads one file more than any sample where nothing has changed", () => {
    open({ ...FILES, ...level(TOP, 128) });
    assert.deepEqual(callsOfCheck(), [`read ${SELF}`]);
  });

  it("is made every five seconds, not at each sample", () => {
    open(FILES);
    put(SELF, "0::/new\n");
    now += RECHECK_PERIOD - 1;
    assert.equal(left(), 63);
    now += 1;
    assert.equal(left(), 31);
  });

  it("is made when the clock was put back", () => {
    open(FILES);
    put(SELF, "0::/new\n");
    now -= 1;
    assert.equal(left(), 31);
  });

  it("notices a cgroup whose name is longer, or as long, or shorter", () => {
    open({ ...FILES, ...level(`${TOP}/n`, 16), ...level(`${TOP}/newer`, 8) });
    for (const [name, expected] of [["newer", 7], ["new", 31], ["app", 63], ["n", 15]] as const) {
      put(SELF, `0::/${name}\n`);
      assert.equal(later().headroom()! / MiB, expected, name);
    }
  });

  it("notices that version 2 accounts for memory, where version 1 did", () => {
    open({
      ...FILES,
      [SELF]: "0::/app\n4:memory:/new\n",
      [MOUNTINFO]: BARE[MOUNTINFO] + "36 32 0:33 / /v1 rw - cgroup cgroup rw,memory\n",
      "/v1/new/memory.limit_in_bytes": `${8 * MiB}\n`,
      "/v1/new/memory.usage_in_bytes": `${MiB}\n`,
    });
    assert.equal(left(), 7);
    put(SELF, "0::/app\n"); // the beginning of what it was
    assert.equal(later().headroom()! / MiB, 63);
  });

  it("reads the mounts again while the cgroup is out of sight, and opens no file again", () => {
    open({ ...FILES, [SELF]: "0::/../x\n", ...level(TOP, 128) });
    assert.deepEqual(callsOfCheck(), [`read ${SELF}`, `readAll ${MOUNTINFO}`]);
    assert.equal(left(), 127);
  });

  it("keeps an uncertain place while the mounts cannot be read", () => {
    open({ ...FILES, [SELF]: "0::/../x\n", ...level(TOP, 128) });
    io.failures.set(MOUNTINFO, "EACCES");
    assert.equal(later().headroom()! / MiB, 127);
    assert.match(reader.signals(fullReading(reader, false)).cgroupLimit.note!, /^uncertain: /);
  });

  it("does not take what it cannot read for the absence of a limit", () => {
    const { [SELF]: _, ...files } = FILES;
    open(files);
    for (let i = 0; i < 3; i++) {
      assert.equal(later().cgroupLimit, undefined);
      assert.equal(
        reader.signals(fullReading(reader, false)).cgroupLimit.reason,
        "/proc/self/cgroup does not exist",
      );
    }
  });

  it("finds that nothing accounts for memory any more, so that there is no limit", () => {
    open({ ...FILES, [MOUNTINFO]: "" });
    assert.equal(later().cgroupLimit, undefined);
    put(SELF, "1:name=systemd:/\n");
    assert.equal(later().cgroupLimit, Infinity);
  });

  it("does not ask for memory.events on version 1", () => {
    open({
      ...BARE,
      [SELF]: "4:memory:/app\n",
      [MOUNTINFO]: `36 32 0:33 / ${TOP} rw - cgroup cgroup rw,memory\n`,
      [`${APP}/memory.limit_in_bytes`]: `${64 * MiB}\n`,
      [`${APP}/memory.usage_in_bytes`]: `${MiB}\n`,
      [`${APP}/memory.events`]: "",
    });
    later();
    assert.ok(!io.calls.some((call) => call.includes("memory.events")), `${io.calls}`);
    assert.equal(reader.onPressure(() => {}, false), undefined);
  });
});

describe("the files of a cgroup", () => {
  const workingSet = () => reader.sample(fullReading(reader, true), Infinity);

  it("are opened with the cgroup where there is a limit, but for memory.stat", () => {
    open({ ...FILES, [`${APP}/memory.stat`]: "inactive_file 0\n" });
    const opened = new Set(io.calls.filter((call) => call.startsWith(`open ${TOP}`)));
    assert.deepEqual([...opened], [
      `open ${APP}/memory.max`,
      `open ${APP}/memory.current`,
      `open ${TOP}/memory.max`,
    ]);
    io.calls.length = 0;
    sample();
    assert.deepEqual(io.calls.filter((call) => call.startsWith("open")), []);
  });

  it("are tried again at a check where they were missing", () => {
    open({ ...BARE, [`${APP}/memory.max`]: `${64 * MiB}\n` });
    workingSet();
    put(`${APP}/memory.current`, `${20 * MiB}\n`);
    assert.equal(workingSet().cgroupCurrent, undefined);
    now += RECHECK_PERIOD;
    assert.equal(workingSet().cgroupCurrent, 20 * MiB);
    put(`${APP}/memory.stat`, `inactive_file ${5 * MiB}\n`);
    assert.equal(workingSet().cgroupWorkingSet, undefined);
    now += RECHECK_PERIOD;
    assert.equal(workingSet().cgroupWorkingSet, 15 * MiB);
  });

  for (const name of ["memory.max", "memory.current", "memory.stat"]) {
    it(`tell by the loss of ${name} that the process has been moved`, () => {
      open({ ...FILES, [`${APP}/memory.stat`]: "inactive_file 0\n" });
      assert.equal(workingSet().cgroupLimit, 64 * MiB);
      put(SELF, "0::/new\n");
      io.files.delete(`${APP}/${name}`);
      assert.equal(workingSet().cgroupLimit, 32 * MiB, "in the same sample");
    });
  }

  it("may count more page cache than usage, and then nothing is in the working set", () => {
    open({ ...FILES, [`${APP}/memory.stat`]: `inactive_file ${2 * MiB}\n` });
    assert.equal(workingSet().cgroupWorkingSet, 0);
  });
});

describe("the watches of memory.events", () => {
  const EVENTS = `${APP}/memory.events`;

  it("stay as they are at a check where nothing has changed", () => {
    open(FILES);
    const stop = reader.onPressure(() => {}, false)!;
    later();
    later();
    assert.deepEqual([watched, unwatched], [[EVENTS], []]);
    stop();
    assert.deepEqual(unwatched, [EVENTS]);
  });

  it("are opened again where a cgroup was removed and made again by the same name", () => {
    open(FILES);
    const stop = reader.onPressure(() => {}, false)!;
    sample();
    const limit = io.files.get(`${APP}/memory.max`)!;
    io.files.delete(`${APP}/memory.max`);
    sample();
    io.files.set(`${APP}/memory.max`, limit);
    assert.equal(later().headroom()! / MiB, 63);
    assert.ok(watched.length > 1 && unwatched.length === watched.length - 1, `${watched}`);
    stop();
  });

  it("are none where the place is unknown, until it is known", () => {
    open({ ...FILES, [MOUNTINFO]: "" });
    const stop = reader.onPressure(() => {}, false)!;
    assert.deepEqual(watched, []);
    put(MOUNTINFO, BARE[MOUNTINFO]!);
    later();
    assert.deepEqual(watched, [EVENTS]);
    stop();
  });

  it("are explained where the kernel grants none", () => {
    open(FILES);
    fs.watch = (() => {
      throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
    }) as never;
    const stop = reader.onPressure(() => {}, false)!;
    sample();
    assert.deepEqual(reader.signals(fullReading(reader, false)).pressureEvents, {
      available: false,
      source: EVENTS,
      reason: `cannot read ${EVENTS}: ENOSPC`,
    });
    stop();
  });

  it("end with the reader", () => {
    open(FILES);
    reader.onPressure(() => {}, false);
    reader.close();
    assert.deepEqual(unwatched, [EVENTS]);
  });
});

describe("pressure where the cgroup is unknown", () => {
  it("is the host's", () => {
    open({ ...FILES, [MOUNTINFO]: "", "/proc/pressure/memory": PRESSURE });
    assert.equal(sample(true).pressure!.some.total, 1);
  });
});
