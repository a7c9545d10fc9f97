// Every parser and the whole resolution against mutated files, and against
// random trees that come with their right answer. The seed is fixed;
// MEMCTL_FUZZ_RUNS and MEMCTL_FUZZ_SEED look further. What is found becomes a
// named test beside the parser's own.

import fc from "fast-check";
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { parseVmStat } from "../../platform/darwin/vm_stat.ts";
import { openEngine } from "../../platform/engine.ts";
import { parseLimit, parseStat, parseUsage } from "../../platform/linux/cgroup_files.ts";
import { key } from "../../platform/linux/digits.ts";
import { LinuxReader } from "../../platform/linux/linux_reader.ts";
import { parseMeminfo, parseVmRss } from "../../platform/linux/proc_meminfo.ts";
import { parsePressure } from "../../platform/linux/proc_pressure_memory.ts";
import { parseAuxvPageSize } from "../../platform/linux/proc_self_auxv.ts";
import { parseStatmResident } from "../../platform/linux/proc_self_statm.ts";
import { MiB } from "../../src/bytes.ts";
import type { MemInfo } from "../../src/mem_info.ts";
import { filesOf, MEMINFO, TREES } from "../fixtures/cgroup_trees.ts";
import { CONTAINER_TREES } from "../fixtures/container_trees.ts";
import { fullReading } from "../support/full_reading.ts";
import { MemoryIo } from "../support/memory_io.ts";
import { recordings } from "../support/recordings.ts";

const settings = {
  numRuns: Number(process.env.MEMCTL_FUZZ_RUNS ?? 400),
  seed: Number(process.env.MEMCTL_FUZZ_SEED ?? 20_261_122),
};

/** A file's bytes with some of them changed, cut, doubled or added. */
function mutated(content: Uint8Array): fc.Arbitrary<Uint8Array> {
  const position = fc.nat({ max: Math.max(0, content.length - 1) });
  const change = fc.oneof(
    fc.record({ at: position, byte: fc.nat({ max: 255 }) }).map(
      ({ at, byte }) => (data: Uint8Array) => {
        const copy = data.slice();
        if (at < copy.length) copy[at] = byte;
        return copy;
      },
    ),
    position.map((at) => (data: Uint8Array) => data.slice(0, at)),
    position.map((at) => (data: Uint8Array) => data.slice(at)),
    fc.tuple(position, position).map(([from, to]) => (data: Uint8Array) =>
      concat(data, data.slice(Math.min(from, to), Math.max(from, to)))
    ),
    fc.tuple(position, fc.uint8Array({ maxLength: 30 })).map(([at, extra]) => (data: Uint8Array) =>
      concat(data.slice(0, at), extra, data.slice(at))
    ),
    fc.tuple(position, fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n })).map(
      ([at, n]) => (data: Uint8Array) => concat(data.slice(0, at), key(String(n)), data.slice(at)),
    ),
  );
  return fc.array(change, { minLength: 1, maxLength: 4 })
    .map((changes) => changes.reduce((data, apply) => apply(data), content));
}

function concat(...parts: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A size, no limit, or nothing. */
function assertSize(value: number | undefined, what: string): void {
  if (value === undefined || value === Infinity) return;
  assert.ok(Number.isFinite(value) && value >= 0 && Number.isInteger(value), `${what} is ${value}`);
}

function recorded(folder: string): string[] {
  if (recordings === undefined) return [];
  return fs.readdirSync(path.join(recordings, folder))
    .filter((name) => name !== "SOURCE.txt")
    .map((name) => fs.readFileSync(path.join(recordings!, folder, name), "utf8"));
}

/** The recorded environments as maps of files. */
function recordedTrees(): Record<string, string>[] {
  if (recordings === undefined) return [];
  const folder = path.join(recordings, "environments");
  return fs.readdirSync(folder).map((name) => {
    const root = path.join(folder, name);
    const files = fs.readdirSync(root, { recursive: true, encoding: "utf8" })
      .filter((file) =>
        /^(proc|sys|mnt)/.test(file) && fs.statSync(path.join(root, file)).isFile()
      );
    return Object.fromEntries(
      files.map((file) => [file, fs.readFileSync(path.join(root, file), "latin1")]),
    );
  });
}

describe("no mutation of a file makes a parser throw or give what is no size:", () => {
  const decode = (data: Uint8Array) => new TextDecoder().decode(data);
  const parsers: [string, string[], (data: Uint8Array) => (number | undefined)[]][] = [
    ["meminfo", [MEMINFO, ...recorded("meminfo")], (data) => {
      const out = { total: undefined, available: undefined };
      parseMeminfo(data, data.length, out);
      return [out.total, out.available];
    }],
    ["status", ["Name:\tx\nVmRSS:\t    4000 kB\n"], (data) => [parseVmRss(data, data.length)]],
    [
      "statm",
      ["4538791 10227 6611 15604 0 139 0\n"],
      (data) => [parseStatmResident(data, data.length)],
    ],
    [
      "limits",
      ["max\n", "9223372036854771712\n", "536870912\n"],
      (data) => [parseLimit(data, data.length)],
    ],
    ["usages", ["146399232\n"], (data) => [parseUsage(data, data.length)]],
    ["memory.stat", ["anon 1\ninactive_file 4096\nfile 3\n"], (data) => [
      parseStat(data, data.length, key("inactive_file")),
    ]],
    ["auxv", ["\x06\0\0\0\0\0\0\0\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"], (data) => [
      parseAuxvPageSize(data),
    ]],
    [
      "pressure",
      recorded("psi").concat(
        "some avg10=0.10 avg60=2.00 avg300=3.85 total=15\nfull avg10=0.20 avg60=3.00 avg300=4.95 total=25\n",
      ),
      (data) => [parsePressure(decode(data))?.some.total, parsePressure(decode(data))?.full.total],
    ],
    [
      "vm_stat",
      recorded("vm_stat").concat(
        "Mach Virtual Memory Statistics: (page size of 4096 bytes)\nPages free: 10.\nFile-backed pages: 5.\n",
      ),
      (data) => [parseVmStat(decode(data))],
    ],
  ];
  for (const [name, texts, parse] of parsers) {
    it(name, () => {
      const mutation = fc.constantFrom(...texts).chain((text) => mutated(key(text)));
      fc.assert(
        fc.property(mutation, (data) => {
          for (const value of parse(data)) assertSize(value, name);
        }),
        settings,
      );
    });
  }
});

function readTree(files: Record<string, string | Uint8Array>, workingSet = true): MemInfo {
  const io = new MemoryIo(files);
  const reader = new LinuxReader("/", io, openEngine({}));
  const info = reader.sample(fullReading(reader, workingSet), Infinity);
  reader.signals(fullReading(reader, workingSet));
  reader.close();
  assert.equal(io.unclosed, 0, "a descriptor is left open");
  return info;
}

describe("the whole resolution", () => {
  it("survives mutations of any file of any environment", () => {
    const own = [...TREES, ...CONTAINER_TREES].map((tree) => filesOf(tree));
    const trees = [...own, ...recordedTrees()];
    const mutation = fc.constantFrom(...trees).chain((files) =>
      fc.constantFrom(...Object.keys(files)).chain((name) =>
        mutated(key(files[name]!)).map((data) => ({ ...files, [name]: data }))
      )
    );
    fc.assert(
      fc.property(mutation, (files) => {
        const info = readTree(files);
        for (
          const name of [
            "cgroupCurrent",
            "cgroupLimit",
            "cgroupWorkingSet",
            "systemAvailable",
          ] as const
        ) {
          assertSize(info[name], name);
        }
        assertSize(info.headroom(), "headroom");
      }),
      settings,
    );
  });

  it("finds the effective level in random trees of both versions", () => {
    const size = fc.integer({ min: 1, max: 7_900 }).map((n) => n * MiB);
    const level = fc.record({
      limit: fc.oneof(size, fc.constant(null)),
      usage: size,
      inactive: fc.integer({ min: 0, max: 100 }),
      hasFiles: fc.boolean(),
    });
    const name = fc.stringMatching(/^[a-z][a-z0-9 :@.-]{0,8}$/);
    const tree = fc.record({
      version: fc.constantFrom(1 as const, 2 as const),
      path: fc.array(name, { minLength: 1, maxLength: 4 }),
      levels: fc.array(level, { minLength: 5, maxLength: 5 }),
      mountAt: fc.constantFrom("/sys/fs/cgroup", "/mnt/odd place"),
      rootDepth: fc.nat({ max: 3 }),
      optional: fc.constantFrom("", " shared:3", " shared:3 master:9"),
    });
    fc.assert(
      fc.property(
        tree,
        fc.boolean(),
        ({ version, path: parts, levels, mountAt, rootDepth, optional }, workingSet) => {
          const root = parts.slice(0, Math.min(rootDepth, parts.length));
          const below = parts.slice(root.length);
          const escape = (text: string) => text.replaceAll(" ", "\\040");
          const files: Record<string, string> = {
            "proc/meminfo": MEMINFO,
            "proc/self/cgroup": version === 1
              ? `7:memory:/${parts.join("/")}\n0::/\n`
              : `0::/${parts.join("/")}\n`,
            "proc/self/mountinfo":
              `30 24 0:26 ${escape(`/${root.join("/")}`)} ${escape(mountAt)} rw${optional} - ` +
              (version === 1 ? "cgroup cgroup rw,memory\n" : "cgroup2 cgroup2 rw\n"),
          };
          // From the mount point down to the group: what each level says.
          const visible = below.map((_, i) => below.slice(0, i + 1).join("/"));
          let best: { limit: number; left: number } | undefined;
          ["", ...visible].forEach((folder, i) => {
            const { limit, usage, inactive, hasFiles } = levels[i]!;
            const base = `${mountAt.slice(1)}${folder === "" ? "" : `/${folder}`}`;
            files[`${base}/cgroup.procs`] = "";
            if (!hasFiles) return;
            const cache = Math.floor(usage * inactive / 100);
            if (version === 1) {
              files[`${base}/memory.limit_in_bytes`] = `${limit ?? "9223372036854771712"}\n`;
              files[`${base}/memory.usage_in_bytes`] = `${usage}\n`;
              files[`${base}/memory.stat`] =
                `hierarchical_memory_limit 9223372036854771712\ntotal_inactive_file ${cache}\n`;
            } else {
              files[`${base}/memory.max`] = `${limit ?? "max"}\n`;
              files[`${base}/memory.current`] = `${usage}\n`;
              files[`${base}/memory.stat`] = `inactive_file ${cache}\n`;
            }
            if (limit === null) return;
            const left = limit - (workingSet ? usage - cache : usage);
            if (best === undefined || left < best.left) best = { limit, left };
          });
          const info = readTree(files, workingSet);
          if (best === undefined) {
            assert.equal(info.cgroupLimit, Infinity);
            assert.equal(info.headroom(), info.systemAvailable);
          } else {
            assert.equal(info.headroom(), Math.max(0, best.left));
          }
        },
      ),
      settings,
    );
  });
});
