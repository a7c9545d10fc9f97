import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { beforeEach, describe, it } from "node:test";
import { GiB, MiB } from "../../src/bytes.ts";
import { MemInfo, type MemInfoInit } from "../../src/mem_info.ts";
import { type EvidenceOptions, readEvidence } from "../../src/watchdog/evidence_options.ts";
import { type EvidenceParts, EvidenceWriter } from "../../src/watchdog/evidence.ts";
import type { EvidenceReport } from "../../src/watchdog/evidence_report.ts";
import { SnapshotTaker } from "../../src/watchdog/snapshots.ts";
import { withTempFolder } from "../support/temp.ts";

const LIMIT = 100 * MiB;

let log: string[];
let now: number;
let failures: unknown[];

beforeEach(() => {
  log = [];
  now = 0;
  failures = [];
});

const note = (level: string) => (message: string) => void log.push(`${level}: ${message}`);

function place(changes: MemInfoInit = {}): MemInfo {
  return new MemInfo({
    cgroupLimit: 1 * GiB,
    cgroupCurrent: 0,
    systemAvailable: 1 * GiB,
    heapUsed: 10 * MiB,
    runtimeTotal: 20 * MiB,
    ...changes,
  });
}

function writer(options: EvidenceOptions, parts: Partial<EvidenceParts> = {}): EvidenceWriter {
  return new EvidenceWriter({
    settings: readEvidence({ profileFrom: false, ...options })!,
    scope: "cgroup",
    now: () => now,
    logger: { info: note("info"), warn: note("warn") },
    sampleAll: () => place({ processRss: 50 * MiB }),
    counters: () => undefined,
    snapshots: undefined,
    fail: (failure) => void failures.push(failure),
    ...parts,
  });
}

/** One turn of a watchdog. */
function turn(evidence: EvidenceWriter, share: number, info = place()): void {
  now += 1_000;
  evidence.look({ used: share * LIMIT, limit: LIMIT }, info);
  evidence.finish();
}

const names = (folder: string, extension = "") =>
  fs.readdirSync(folder).filter((name) => name.endsWith(extension)).sort();

function readReport(folder: string): EvidenceReport {
  const [name] = names(folder, ".evidence.json");
  return JSON.parse(fs.readFileSync(path.join(folder, name!), "utf8"));
}

/** Waits for a profile, which Deno gives in a later task. */
async function untilWritten(evidence: EvidenceWriter, count = 1): Promise<void> {
  for (let i = 0; i < 1_000 && evidence.written + evidence.failed < count; i++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("evidence", () => {
  it("is written once per stay above the threshold, into a folder made when missing", () =>
    withTempFolder((root) => {
      const directory = path.join(root, "made", "here");
      const evidence = writer({ directory, at: "80%", minGap: 0 });
      assert.deepEqual(names(directory), []);
      turn(evidence, 0.799);
      assert.equal(evidence.written, 0);
      for (let i = 0; i < 3; i++) turn(evidence, 0.8);
      assert.equal(evidence.written, 1);
      turn(evidence, 0.73); // above nine tenths of the threshold: the same stay
      turn(evidence, 0.9);
      assert.equal(evidence.written, 1);
      turn(evidence, 0.71);
      turn(evidence, 0.9);
      assert.equal(evidence.written, 2);
      assert.equal(names(directory, ".evidence.json").length, 2);
      assert.match(log[0]!, /^info: watchdog: evidence written to .*\.evidence\.json \(no profile/);
    }));

  it("of a second stay waits until the minimum gap has passed, and is not lost", () =>
    withTempFolder((directory) => {
      const evidence = writer({ directory, minGap: 10_000 });
      turn(evidence, 0.9);
      turn(evidence, 0.1);
      for (let i = 0; i < 7; i++) turn(evidence, 0.9);
      assert.equal(evidence.written, 1);
      turn(evidence, 0.9);
      turn(evidence, 0.9);
      assert.equal(evidence.written, 2);
    }));

  it("is written when the engine's heap is close to its own limit", () =>
    withTempFolder((directory) => {
      const evidence = writer({ directory, at: "80%" });
      turn(evidence, 0.2, place({ heapUsed: 79 * MiB, heapLimit: 100 * MiB }));
      assert.equal(evidence.written, 0);
      turn(evidence, 0.2, place({ heapUsed: 80 * MiB, heapLimit: 100 * MiB }));
      assert.equal(evidence.written, 1);
      const { ceiling, used, limit, threshold } = readReport(directory);
      assert.deepEqual([ceiling, used, limit, threshold], [
        "heap",
        80 * MiB,
        100 * MiB,
        80 * MiB,
      ]);
    }));

  it("tells what is in the memory, and of the last minute", () =>
    withTempFolder((directory) => {
      const evidence = writer({ directory });
      for (let i = 0; i < 5; i++) turn(evidence, 0.1 * i, place({ at: 1_000 * i }));
      turn(evidence, 0.9, place({ at: 5_000, cgroupCurrent: 90 * MiB }));
      const report = readReport(directory);
      assert.equal(report.memctl, "evidence");
      assert.equal(report.complete, true);
      assert.equal(report.pid, process.pid);
      assert.match(report.runtime, /^(deno|bun|node) \d+\.\d+\.\d+, /);
      assert.deepEqual([report.ceiling, report.used, report.limit], ["cgroup", 0.9 * LIMIT, LIMIT]);
      assert.equal(report.memory.processRss, 50 * MiB, "a snapshot of every field");
      assert.equal(report.tightest?.signal, "cgroup");
      const sizes = report.biggest.map(({ bytes }) => bytes);
      assert.deepEqual(sizes, sizes.toSorted((a, b) => b - a));
      assert.ok(report.biggest.some(({ bytes }) => bytes === 30 * MiB), "rss less runtimeTotal");
      assert.ok(report.usage!.rss! > 0);
      const column = report.sampleColumns.indexOf("used");
      assert.deepEqual(
        report.samples.map((row) => Math.round(row[column]! / LIMIT * 10)),
        [0, 1, 2, 3, 4, 9],
      );
      if ("Bun" in globalThis) {
        assert.ok(report.objectTypes!.Function! > 0);
        assert.equal(report.spaces, undefined);
      } else {
        const spaces = report.spaces as { space_name: string }[];
        assert.ok(spaces.some(({ space_name }) => space_name === "old_space"));
        assert.ok(report.heap!.used_heap_size! > 0);
        assert.equal(typeof report.resources, "object");
      }
      assert.deepEqual(report.heapSnapshot, { reason: "heapSnapshots is not set" });
      assert.deepEqual(report.profile, { reason: "profileFrom is false" });
    }));

  it("counts active handles and requests by type", (test) => {
    if ("Bun" in globalThis) return test.skip("Bun lists none");
    return withTempFolder((directory) => {
      const timers = [1, 2, 3].map(() => setTimeout(() => {}, 100_000));
      try {
        turn(writer({ directory }), 0.9);
        assert.ok(readReport(directory).resources!.Timeout! >= 3);
      } finally {
        timers.forEach(clearTimeout);
      }
    });
  });

  it("says why there is no full heap snapshot, or where it is", () =>
    withTempFolder((directory) => {
      const snapshots = new SnapshotTaker({ directory, at: 0.5, max: 1 }, {});
      const evidence = writer({ directory, minGap: 0 }, { snapshots });
      const reading = { used: 0.9 * LIMIT, limit: LIMIT };
      evidence.look(reading, place());
      // What a snapshot may take depends on this process too, in Bun.
      snapshots.look(reading, place({ cgroupLimit: 64 * GiB, systemAvailable: 1 * MiB }));
      evidence.finish();
      assert.match(readReport(directory).heapSnapshot.reason!, /it may take .* left in the host$/);
    }));

  it("can be read by its owner only", (test) => {
    if (process.platform === "win32") return test.skip("has no modes");
    return withTempFolder((directory) => {
      turn(writer({ directory }), 0.9);
      for (const name of names(directory)) {
        assert.equal(fs.statSync(path.join(directory, name)).mode & 0o777, 0o600);
      }
    });
  });

  it("is complete if the logger that is told of it throws, which the caller is told", () =>
    withTempFolder((directory) => {
      const mine = new Error("mine");
      const info = () => {
        throw mine;
      };
      const evidence = writer({ directory }, { logger: { info } });
      assert.throws(() => turn(evidence, 0.9), (error) => error === mine);
      assert.equal(readReport(directory).complete, true);
      assert.equal(evidence.written, 1);
    }));

  it("is kept in so many files and bytes, and nothing else is removed", () =>
    withTempFolder((directory) => {
      const old = (n: number, extension: string) =>
        `memctl-1-1-2020-01-0${n}T00-00-00.000Z${extension}`;
      const foreign = [
        "memctl-notes.txt",
        "memctl-1-1-2020-01-01T00-00-00.000Z.heapsnapshot",
        "memctl-x-1-2020-01-01T00-00-00.000Z.evidence.json",
        "report.evidence.json",
      ];
      for (const name of foreign) fs.writeFileSync(path.join(directory, name), "mine");
      fs.mkdirSync(path.join(directory, old(1, ".evidence.json")));
      fs.symlinkSync("memctl-notes.txt", path.join(directory, old(1, ".heapprofile")));
      for (const n of [2, 3, 4, 5]) {
        fs.writeFileSync(path.join(directory, old(n, ".evidence.json")), "x".repeat(1_000));
      }
      const links = [old(1, ".evidence.json"), old(1, ".heapprofile")];
      const evidence = writer({ directory, maxFiles: 3, minGap: 0 });
      turn(evidence, 0.9);
      const left = (keep: string[]) => names(directory).filter((name) => keep.includes(name));
      assert.deepEqual(left(foreign), foreign.toSorted());
      assert.deepEqual(left(links), links.toSorted());
      const kept = names(directory).filter((name) => ![...foreign, ...links].includes(name));
      assert.equal(kept.length, 3);
      assert.ok(!kept.includes(old(3, ".evidence.json")), "the oldest went first");
      assert.ok(kept.includes(old(5, ".evidence.json")));
      const { size } = fs.statSync(path.join(directory, kept.at(-1)!));

      const tight = writer({ directory, maxBytes: 2 * size + 1_000, minGap: 0 });
      turn(tight, 0.9);
      assert.deepEqual([tight.written, tight.failed], [1, 0]);
      const bytes = names(directory, ".evidence.json").filter((name) => !foreign.includes(name))
        .map((name) => fs.lstatSync(path.join(directory, name)))
        .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
      assert.ok(bytes <= 2 * size + 1_000, `${bytes}`);

      const tiny = writer({ directory, maxBytes: 100 });
      turn(tiny, 0.9);
      assert.deepEqual([tiny.written, tiny.failed], [0, 1]);
      assert.match(log.at(-1)!, /^warn: watchdog: evidence: .*maxBytes, 100/);
    }));

  it("clears away what a killed process left unfinished", () =>
    withTempFolder((directory) => {
      const name = (n: number) => `memctl-1-${n}-2020-01-01T00-00-00.000Z.heapprofile.tmp`;
      for (const n of [1, 2]) fs.writeFileSync(path.join(directory, name(n)), "half");
      fs.utimesSync(path.join(directory, name(1)), 0, 0);
      turn(writer({ directory }), 0.9);
      assert.deepEqual(names(directory, ".tmp"), [name(2)]);
    }));
});

describe("the allocation profile of evidence", () => {
  it("is one that Chrome DevTools opens, and knows what was allocated since", (test) => {
    if ("Bun" in globalThis) return test.skip("Bun has no sampling heap profiler");
    return withTempFolder(async (directory) => {
      const evidence = writer({ directory, profileFrom: "50%" });
      turn(evidence, 0.6);
      // Deno begins to sample in a later task.
      for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
      const held = fillTheHeap();
      turn(evidence, 0.9);
      await untilWritten(evidence);
      evidence.stop();
      assert.deepEqual([evidence.written, evidence.failed, failures], [1, 0, []]);
      const [name] = names(directory, ".heapprofile");
      const { profile, at } = readReport(directory);
      assert.equal(profile.file, name);
      assert.ok(profile.since! > 0 && profile.since! <= at);
      const text = fs.readFileSync(path.join(directory, name!), "utf8");
      const { head, samples } = JSON.parse(text) as Profile;
      const ids = new Set<number>();
      let found = 0;
      const visit = ({ callFrame, selfSize, id, children }: ProfileNode) => {
        assert.equal(typeof callFrame.functionName, "string");
        assert.equal(typeof callFrame.url, "string");
        for (const value of [callFrame.lineNumber, callFrame.columnNumber, selfSize, id]) {
          assert.ok(Number.isInteger(value));
        }
        assert.ok(!ids.has(id));
        ids.add(id);
        if (callFrame.functionName === "fillTheHeap") found += selfSize + sum(children);
        children.forEach(visit);
      };
      visit(head);
      assert.equal(head.callFrame.functionName, "(root)");
      assert.ok(
        samples.every(({ size, nodeId, ordinal }) => size > 0 && ids.has(nodeId) && ordinal > 0),
      );
      assert.ok(found > 4 * MiB, `${found} bytes of 16 MiB or more`);
      assert.equal(held.length, 200);
    });
  });

  it("is left out where less than it may take is left, and the report says so", (test) => {
    if ("Bun" in globalThis) return test.skip("Bun has no sampling heap profiler");
    return withTempFolder((directory) => {
      const evidence = writer({ directory, profileFrom: "50%" });
      turn(evidence, 0.9, place({ cgroupLimit: 1 * MiB }));
      evidence.stop();
      assert.equal(evidence.written, 1);
      assert.match(
        readReport(directory).profile.reason!,
        /^it may take \d+\.\dMiB, and 1\.0MiB are left in the cgroup$/,
      );
    });
  });

  it("is replaced by the objects by type in Bun, and the report says why", (test) => {
    if (!("Bun" in globalThis)) return test.skip("for Bun");
    return withTempFolder((directory) => {
      turn(writer({ directory, profileFrom: "50%" }), 0.9);
      const { profile, objectTypes } = readReport(directory);
      assert.match(profile.reason!, /Bun's inspector has no sampling heap profiler/);
      assert.ok(objectTypes!.Object! > 0);
    });
  });

  it("leaves the report complete if the watchdog is stopped before it is there", () =>
    withTempFolder(async (directory) => {
      const evidence = writer({ directory, profileFrom: "50%" });
      turn(evidence, 0.9);
      evidence.stop();
      assert.equal(evidence.written, 1);
      const report = fs.readFileSync(path.join(directory, names(directory, ".json")[0]!), "utf8");
      assert.equal(JSON.parse(report).complete, true);
      for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(evidence.written, 1);
      assert.deepEqual(failures, []);
    }));

  it("of another tool goes on when the watchdog stops", async (test) => {
    if ("Bun" in globalThis) return test.skip("Bun has no sampling heap profiler");
    const { Session } = process.getBuiltinModule("node:inspector");
    const other = new Session();
    other.connect();
    const post = (method: string) =>
      new Promise<unknown>((resolve, reject) =>
        other.post(method, (error, result) => error ? reject(error) : resolve(result))
      );
    try {
      await post("HeapProfiler.startSampling");
      await withTempFolder(async (directory) => {
        const evidence = writer({ directory, profileFrom: "50%" });
        turn(evidence, 0.9);
        await untilWritten(evidence);
        evidence.stop();
        assert.ok(readReport(directory).profile.file !== undefined);
      });
      const { profile } = await post("HeapProfiler.stopSampling") as { profile: Profile };
      assert.equal(profile.head.callFrame.functionName, "(root)");
    } finally {
      other.disconnect();
    }
  });
});

describe("evidence that cannot be written is reported, and the program goes on", () => {
  it("where the folder vanishes, which is made again", () =>
    withTempFolder((root) => {
      const directory = path.join(root, "folder");
      const evidence = writer({ directory });
      fs.rmdirSync(directory);
      turn(evidence, 0.9);
      assert.deepEqual([evidence.written, evidence.failed], [1, 0]);
      assert.deepEqual(log.filter((line) => line.startsWith("warn")), []);
    }));

  it("where a file is in the folder's place, until that is gone", () =>
    withTempFolder((root) => {
      const directory = path.join(root, "folder");
      fs.writeFileSync(directory, "");
      const evidence = writer({ directory, minGap: 0 });
      assert.match(log[0]!, /^warn: watchdog: evidence: cannot write to .*EEXIST/);
      for (let i = 0; i < 3; i++) turn(evidence, 0.9);
      assert.deepEqual([evidence.written, evidence.failed], [0, 1]);
      assert.equal(log.length, 2, "once per stay");
      fs.rmSync(directory);
      turn(evidence, 0.1);
      turn(evidence, 0.9);
      assert.deepEqual([evidence.written, evidence.failed], [1, 1]);
    }));

  it("where the folder vanishes between the report and its profile", () =>
    withTempFolder((root) => {
      const directory = path.join(root, "folder");
      const evidence = writer({ directory });
      evidence.look({ used: LIMIT, limit: LIMIT }, place());
      fs.rmSync(directory, { recursive: true });
      evidence.finish();
      assert.deepEqual([evidence.written, evidence.failed], [0, 1]);
      assert.match(log[0]!, /^warn: watchdog: evidence: only a part was written to .*ENOENT/);
    }));

  it("where a snapshot of every field fails", () =>
    withTempFolder((directory) => {
      const sampleAll = () => {
        throw new Error("no sampler");
      };
      const evidence = writer({ directory }, { sampleAll });
      turn(evidence, 0.9);
      assert.deepEqual([evidence.written, evidence.failed], [0, 1]);
      assert.match(log[0]!, /no sampler/);
      assert.deepEqual(names(directory), []);
    }));

  for (const [title, options] of [["full", "size=64k"], ["read-only", "ro"]] as const) {
    it(`where the disk is ${title}`, (test) =>
      withTempFolder((directory) => {
        if (!mount(directory, options)) return test.skip("needs root to mount a file system");
        try {
          const evidence = writer({ directory, minGap: 0 });
          if (title === "full") {
            fs.writeFileSync(path.join(directory, "fill"), new Uint8Array(64 * 1024));
          }
          turn(evidence, 0.9);
          assert.deepEqual([evidence.written, evidence.failed], [0, 1]);
          assert.match(log.at(-1)!, /^warn: watchdog: evidence: .*(ENOSPC|EROFS|of \d+ bytes)/);
          assert.deepEqual(names(directory), title === "full" ? ["fill"] : []);
          if (title === "read-only") return;
          fs.rmSync(path.join(directory, "fill"));
          turn(evidence, 0.1);
          turn(evidence, 0.9);
          assert.equal(evidence.written, 1);
        } finally {
          assert.equal(spawnSync("umount", ["--lazy", directory]).status, 0);
        }
      }));
  }
});

interface ProfileNode {
  callFrame: { functionName: string; url: string; lineNumber: number; columnNumber: number };
  selfSize: number;
  id: number;
  children: ProfileNode[];
}

interface Profile {
  head: ProfileNode;
  samples: { size: number; nodeId: number; ordinal: number }[];
}

function fillTheHeap(): unknown[] {
  const held: unknown[] = [];
  for (let i = 0; i < 200; i++) held.push(Array.from({ length: 3_000 }, (_, j) => ({ i, j })));
  return held;
}

function sum(nodes: ProfileNode[]): number {
  return nodes.reduce((total, { selfSize, children }) => total + selfSize + sum(children), 0);
}

/** Mounts a tmpfs: whether that is possible here. */
function mount(folder: string, options: string): boolean {
  return process.platform === "linux" &&
    spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]).status === 0;
}
