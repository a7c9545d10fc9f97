import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, it } from "node:test";
import v8 from "node:v8";
import { snapshotNeeds, writeSnapshot } from "../../platform/heap_snapshot.ts";
import { GiB, MiB } from "../../src/bytes.ts";
import { MemInfo, type MemInfoInit } from "../../src/mem_info.ts";
import type { Scope } from "../../src/scope.ts";
import type { HeapSnapshotOptions } from "../../src/watchdog/options.ts";
import { readSnapshots } from "../../src/watchdog/settings.ts";
import { SnapshotTaker } from "../../src/watchdog/snapshots.ts";
import { cgroupDriven, type Watchdog, watermarks } from "../../watchdog.ts";
import { ownRuntime } from "../support/own_runtime.ts";
import { withTempFolder } from "../support/temp.ts";
import { WatchdogBench } from "../support/watchdog_bench.ts";

/** Needs no more than this for a heap of `HEAP`, in any runtime. */
const ROOM = 64 * GiB;
const HEAP = 10 * MiB;
const LIMIT = ROOM;

let log: string[];

beforeEach(() => {
  log = [];
});

function taker(options: HeapSnapshotOptions, scope: Scope = "cgroup"): SnapshotTaker {
  const note = (level: string) => (message: string) => void log.push(`${level}: ${message}`);
  const settings = readSnapshots(options, scope)!;
  return new SnapshotTaker(settings, { info: note("info"), warn: note("warn") });
}

/** A snapshot of a roomy place, with changes. */
function place(changes: MemInfoInit = {}): MemInfo {
  return new MemInfo({
    cgroupLimit: 2 * ROOM,
    cgroupCurrent: 0,
    systemAvailable: ROOM,
    heapUsed: HEAP,
    ...changes,
  });
}

const warnings = () => log.filter((line) => line.startsWith("warn"));
const high = { used: LIMIT, limit: LIMIT };
const low = { used: 0, limit: LIMIT };

describe("heap snapshots", () => {
  it("are taken once per stay above the share, at most so many, into a folder made when missing", () =>
    withTempFolder((root) => {
      const directory = path.join(root, "made", "here");
      const snapshots = taker({ directory, at: "90%", max: 2 });
      assert.deepEqual(fs.readdirSync(directory), []);
      snapshots.look({ used: 0.9 * LIMIT - 1, limit: LIMIT }, place());
      assert.equal(snapshots.taken, 0);
      for (const expected of [1, 2, 2]) {
        for (let i = 0; i < 3; i++) {
          snapshots.look({ used: 0.9 * LIMIT, limit: LIMIT }, place());
          assert.equal(fs.readdirSync(directory).length, expected);
        }
        snapshots.look(low, place());
      }
      assert.deepEqual([snapshots.taken, snapshots.skipped], [2, 0]);
      assert.equal(log.filter((line) => line.includes("heap snapshot written to")).length, 2);
    }));

  it("are complete, private, and have no other file beside them", () =>
    withTempFolder((directory) => {
      taker({ directory }).look(high, place());
      const [name, ...others] = fs.readdirSync(directory);
      assert.deepEqual(others, []);
      assert.match(name!, /^memctl-\d+-1-.*Z\.heapsnapshot$/);
      const file = path.join(directory, name!);
      assert.equal(typeof JSON.parse(fs.readFileSync(file, "utf8")).snapshot, "object");
      if (process.platform !== "win32") assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    }));

  it("are taken at half of a container or a host by default, and at 0.9 of a heap limit", () =>
    withTempFolder((directory) => {
      for (const [scope, fraction] of [["cgroup", 0.5], ["system", 0.5], ["heap", 0.9]] as const) {
        const snapshots = taker({ directory }, scope);
        snapshots.look({ used: fraction * LIMIT - 1, limit: LIMIT }, place());
        assert.equal(snapshots.taken, 0, scope);
        snapshots.look({ used: fraction * LIMIT, limit: LIMIT }, place());
        assert.equal(snapshots.taken, 1, scope);
      }
    }));

  it("are written once if the logger that is told of one throws, which the caller is told", () =>
    withTempFolder((directory) => {
      const mine = new Error("mine");
      const warned: string[] = [];
      const snapshots = new SnapshotTaker(readSnapshots({ directory }, "cgroup")!, {
        info() {
          throw mine;
        },
        warn: (message) => void warned.push(message),
      });
      assert.throws(() => snapshots.look(high, place()), (error) => error === mine);
      assert.deepEqual([snapshots.taken, snapshots.skipped], [1, 0]);
      assert.deepEqual(warned, []);
    }));

  it("are counted by the watchdog", () =>
    withTempFolder(async (directory) => {
      const bench = new WatchdogBench();
      let dog: Watchdog | undefined;
      try {
        const sampler = bench.samplerWith(() => place({ cgroupCurrent: 1.9 * ROOM }));
        dog = cgroupDriven(
          bench.options({
            sampler,
            policy: watermarks([1]),
            heapSnapshots: { directory, at: "95%" },
          }),
        );
        await bench.advance(30);
        assert.deepEqual([dog.counters.snapshots, dog.counters.snapshotsSkipped], [1, 0]);
      } finally {
        dog?.stop();
      }
    }));
});

describe("a heap snapshot is not written where there is no room for it", () => {
  const needs = () => snapshotNeeds(HEAP);
  const cases: [string, () => MemInfoInit, RegExp][] = [
    [
      "in the cgroup",
      () => ({ cgroupLimit: needs(), cgroupCurrent: 1 * MiB }),
      /^warn: watchdog: no heap snapshot, it may take \d+\.\dMiB for 10\.0MiB of heap, and \d+\.\dMiB are left in the cgroup$/,
    ],
    ["in the host", () => ({ systemAvailable: needs() - 1 * MiB }), /are left in the host$/],
    [
      "in the host, and the cgroup has no limit",
      () => ({ cgroupLimit: Infinity, systemAvailable: 1 * MiB }),
      /1\.0MiB are left in the host$/,
    ],
    [
      "because the heap in use is not known",
      () => ({ heapUsed: undefined }),
      /heapUsed is not known/,
    ],
    [
      "because what is left is not known",
      () => ({ cgroupLimit: undefined, systemAvailable: undefined }),
      /neither the cgroup's nor the host's memory is known/,
    ],
  ];
  for (const [title, changes, message] of cases) {
    it(title, () =>
      withTempFolder((directory) => {
        const snapshots = taker({ directory });
        for (let i = 0; i < 3; i++) snapshots.look(high, place(changes()));
        assert.deepEqual(fs.readdirSync(directory), []);
        assert.deepEqual([snapshots.taken, snapshots.skipped], [0, 1]);
        assert.equal(warnings().length, 1, "once per stay");
        assert.match(log[0]!, message);
        snapshots.look(low, place(changes()));
        snapshots.look(high, place(changes()));
        assert.deepEqual([snapshots.taken, snapshots.skipped], [0, 2]);
        assert.equal(warnings().length, 2);
      }));
  }

  it("until there is room, within the same stay", () =>
    withTempFolder((directory) => {
      const snapshots = taker({ directory });
      snapshots.look(high, place({ systemAvailable: 1 * MiB }));
      snapshots.look(high, place());
      snapshots.look(high, place());
      assert.deepEqual([snapshots.taken, snapshots.skipped], [1, 1]);
    }));
});

describe("a heap snapshot that fails leaves no file, is reported and is not counted as taken", () => {
  const original = v8.writeHeapSnapshot;

  afterEach(() => {
    v8.writeHeapSnapshot = original;
  });

  const faults: [string, (file: string) => void, RegExp][] = [
    [
      "an empty file and no error",
      (file) => fs.writeFileSync(file, ""),
      /incomplete, 0 bytes were written/,
    ],
    [
      "half a file and no error",
      (file) => fs.writeFileSync(file, '{"snapshot":{"meta":{}},"nodes":[1,2'),
      /incomplete, 36 bytes/,
    ],
    ["half a file and an error", (file) => {
      fs.writeFileSync(file, '{"snap');
      throw new Error("disk failure");
    }, /disk failure/],
    ["the file removed", (file) => fs.rmSync(file), /ENOENT/],
  ];
  for (const [title, fault, message] of faults) {
    it(`after ${title}`, () =>
      withTempFolder((directory) => {
        const snapshots = taker({ directory });
        v8.writeHeapSnapshot = (file) => {
          fault(file!);
          return file!;
        };
        for (const reading of [high, low, high]) snapshots.look(reading, place());
        assert.deepEqual(fs.readdirSync(directory), []);
        assert.deepEqual([snapshots.taken, snapshots.skipped], [0, 1]);
        assert.equal(log.length, 1);
        assert.match(log[0]!, /^warn: watchdog: no heap snapshots, cannot write to /);
        assert.match(log[0]!, message);
      }));
  }

  it("after the folder is removed", () =>
    withTempFolder((root) => {
      const directory = path.join(root, "folder");
      const snapshots = taker({ directory });
      fs.rmdirSync(directory);
      snapshots.look(high, place());
      assert.deepEqual([snapshots.taken, snapshots.skipped], [0, 1]);
      assert.match(warnings()[0]!, /ENOENT/);
    }));

  it("where a link has its temporary name", () =>
    withTempFolder((directory) => {
      const target = path.join(directory, "target");
      const name = `memctl-${process.pid}-1-1970-01-01T00-00-00.000Z.heapsnapshot`;
      fs.symlinkSync(target, path.join(directory, `${name}.tmp`));
      assert.throws(() => writeSnapshot(directory, 0, 1), { code: "EEXIST" });
      assert.equal(fs.existsSync(target), false);
    }));

  for (const [title, free] of [["full", 0], ["too small", 48]] as const) {
    it(`where the disk is ${title}`, (test) =>
      withTempFolder((directory) => {
        if (!mount(directory, "size=64k")) return test.skip("needs root to mount a file system");
        try {
          const { bavail } = fs.statfsSync(directory);
          const snapshots = taker({ directory });
          fs.writeFileSync(path.join(directory, "fill"), new Uint8Array((64 - free) * 1024));
          snapshots.look(high, place());
          assert.deepEqual(fs.readdirSync(directory), ["fill"]);
          assert.deepEqual([snapshots.taken, snapshots.skipped], [0, 1]);
          assert.match(warnings()[0]!, /ENOSPC|incomplete/);
          fs.rmSync(path.join(directory, "fill"));
          assert.equal(fs.statfsSync(directory).bavail, bavail, "disk space is lost");
        } finally {
          unmount(directory);
        }
      }));
  }
});

describe("a folder that cannot be had is reported at the start", () => {
  /** Makes the folder's obstacle below `root`: the folder. */
  const obstacles: [string, (root: string) => string, RegExp][] = [
    ["a file in its place", (root) => file(root, "file"), /EEXIST/],
    ["a file in its way", (root) => path.join(file(root, "file"), "below"), /ENOTDIR|EEXIST/],
    ["a dangling link", (root) => link(root, "nowhere"), /EEXIST/],
    ["a dangling link in its way", (root) => path.join(link(root, "nowhere"), "x"), /E[A-Z]+/],
    ["a link to itself", (root) => link(root, "link"), /ELOOP|EEXIST/],
    ["a name that is too long", (root) => path.join(root, "x".repeat(300)), /ENAMETOOLONG/],
  ];
  for (const [title, make, message] of obstacles) {
    it(title, () =>
      withTempFolder((root) => {
        const snapshots = taker({ directory: make(root) });
        assert.equal(log.length, 1);
        assert.match(log[0]!, /^warn: watchdog: no heap snapshots, cannot write to /);
        assert.match(log[0]!, message);
        snapshots.look(high, place());
        assert.equal(snapshots.taken, 0);
        assert.equal(log.length, 1);
      }));
  }

  it("a folder that is read-only, to root too", (test) =>
    withTempFolder((directory) => {
      if (!mount(directory, "ro")) return test.skip("needs root to mount a file system");
      try {
        taker({ directory });
        assert.match(log[0]!, /^warn: .*EROFS/);
      } finally {
        unmount(directory);
      }
    }));

  it("a folder that the kernel does not let anybody make", (test) => {
    if (!fs.existsSync("/proc/self")) return test.skip("needs /proc");
    return withTempFolder((root) => {
      // In a process of its own: Node's recursive mkdir never returns here.
      const module = new URL("../../platform/kept_files.ts", import.meta.url).href;
      const program = path.join(root, "program.mjs");
      fs.writeFileSync(
        program,
        `import { prepareFolder } from ${JSON.stringify(module)};
        try {
          prepareFolder(process.argv[2]);
        } catch (error) {
          console.log(error.code);
        }`,
      );
      for (const folder of ["/proc/nope", "/proc/nope/below/it"]) {
        const [command, ...args] = [...ownRuntime, program, folder];
        const { stdout } = spawnSync(command!, args, { encoding: "utf8", timeout: 30_000 });
        assert.equal(stdout.trim(), "ENOENT", folder);
      }
    });
  });

  it("and a folder that another one makes at the same time is none of these", () =>
    withTempFolder((root) => {
      const directory = path.join(root, "a", "b");
      taker({ directory });
      taker({ directory });
      assert.deepEqual(log, []);
      assert.deepEqual(fs.readdirSync(directory), []);
    }));
});

function file(root: string, name: string): string {
  const at = path.join(root, name);
  fs.writeFileSync(at, "");
  return at;
}

function link(root: string, target: string): string {
  const at = path.join(root, "link");
  fs.symlinkSync(path.join(root, target), at);
  return at;
}

/** Mounts a tmpfs: whether that is possible here. */
function mount(folder: string, options: string): boolean {
  return process.platform === "linux" &&
    spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]).status === 0;
}

function unmount(folder: string): void {
  // Lazily: after a write that failed, Node keeps the file open.
  assert.equal(spawnSync("umount", ["--lazy", folder]).status, 0);
}
