// Random trees in which random files are missing or malformed, against an
// answer that is worked out from the tree's description alone; and any tree
// with few file descriptors. The seed is fixed; MEMCTL_FUZZ_RUNS and
// MEMCTL_FUZZ_SEED look further.

import fc from "fast-check";
import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { openEngine } from "../../platform/engine.ts";
import { LinuxReader } from "../../platform/linux/linux_reader.ts";
import { MiB } from "../../src/bytes.ts";
import type { MemInfo } from "../../src/mem_info.ts";
import { filesOf, MEMINFO, TREES } from "../fixtures/cgroup_trees.ts";
import { wantedOf } from "../../src/fields.ts";
import { fullReading } from "../support/full_reading.ts";
import { MemoryIo } from "../support/memory_io.ts";

const TOTAL = 8000 * MiB;
const AVAILABLE = 6000 * MiB;
const RSS = 50 * MiB;

const settings = {
  numRuns: Number(process.env.MEMCTL_FUZZ_RUNS ?? 400),
  seed: Number(process.env.MEMCTL_FUZZ_SEED ?? 20_261_124),
};

/** What a file of a level holds. */
type Content<T> = T | "missing" | "malformed";

interface Level {
  limit: Content<number | "none">;
  /** Bytes that this level uses beyond the level below. */
  usage: Content<number>;
  /** Percent of the usage that is inactive page cache. */
  inactive: Content<number>;
}

interface Tree {
  version: 1 | 2;
  /** The process's own level first. */
  levels: Level[];
}

const content = <T>(valid: fc.Arbitrary<T>): fc.Arbitrary<Content<T>> =>
  fc.oneof(
    { weight: 5, arbitrary: valid },
    { weight: 1, arbitrary: fc.constant("missing" as const) },
    { weight: 1, arbitrary: fc.constant("malformed" as const) },
  );

const size = fc.integer({ min: 1, max: 2 * TOTAL / MiB }).map((n) => n * MiB);
const level: fc.Arbitrary<Level> = fc.record({
  limit: content(fc.oneof(size, fc.constant("none" as const))),
  usage: content(fc.integer({ min: 1, max: 1500 }).map((n) => n * MiB)),
  inactive: content(fc.integer({ min: 0, max: 60 })),
});
const tree: fc.Arbitrary<Tree> = fc.record({
  version: fc.constantFrom(1 as const, 2 as const),
  levels: fc.array(level, { minLength: 1, maxLength: 5 }),
});

const MALFORMED = ["", "x\n", "-1\n", "12", "1 2\n", "99999999999999999999999\n", "\0"];

/** The tree's files. Usage adds up towards the outermost level, as it does in the kernel. */
function filesOfTree({ version, levels }: Tree, malformed: string): Record<string, string> {
  const names = levels.map((_, i) => `l${i}`).toReversed();
  const files: Record<string, string> = {
    "proc/meminfo": MEMINFO,
    "proc/self/status": `VmRSS: ${RSS / 1024} kB\n`,
    "proc/self/cgroup": version === 1
      ? `4:memory:/top/${names.join("/")}\n`
      : `0::/top/${names.join("/")}\n`,
    "proc/self/mountinfo": version === 1
      ? "36 32 0:33 /top /sys/fs/cgroup rw - cgroup cgroup rw,memory\n"
      : "30 24 0:26 /top /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    "sys/fs/cgroup/cgroup.procs": "",
  };
  usages(levels).forEach(({ usage, cache }, i) => {
    const { limit, usage: given, inactive } = levels[i]!;
    const folder = `sys/fs/cgroup/${names.slice(0, levels.length - i).join("/")}`;
    files[`${folder}/cgroup.procs`] = "";
    const put = (name: string, content: Content<unknown>, text: string) => {
      // A number without its newline is one all the same, to these two files.
      const broken = name !== "memory.stat" && malformed === "12" ? "12x" : malformed;
      if (content !== "missing") {
        files[`${folder}/${name}`] = content === "malformed" ? broken : text;
      }
    };
    const none = version === 1 ? "9223372036854771712" : "max";
    put(
      version === 1 ? "memory.limit_in_bytes" : "memory.max",
      limit,
      `${limit === "none" ? none : limit}\n`,
    );
    put(version === 1 ? "memory.usage_in_bytes" : "memory.current", given, `${usage}\n`);
    const key = version === 1 ? "total_inactive_file" : "inactive_file";
    put("memory.stat", inactive, `anon 1\n${key} ${cache}\n`);
  });
  return files;
}

/** The true usage and page cache of each level. */
function usages(levels: Level[]): { usage: number; cache: number }[] {
  const known = (value: Content<number>, otherwise: number) =>
    typeof value === "number" ? value : otherwise;
  let usage = 0;
  let cache = 0;
  return levels.map((level) => {
    const own = known(level.usage, 7 * MiB);
    usage += own;
    cache += Math.floor(own * known(level.inactive, 10) / 100);
    return { usage, cache };
  });
}

/** The bound that the readable files leave; `undefined`: no readable level has a limit. */
function leastBound({ levels }: Tree, workingSet: boolean): number | undefined {
  const truth = usages(levels);
  const used = levels.map(({ usage, inactive }, i) => {
    if (typeof usage !== "number") return undefined;
    const cached = workingSet && typeof inactive === "number" ? truth[i]!.cache : 0;
    return truth[i]!.usage - cached;
  });
  let least: { left: number; isKnown: boolean } | undefined;
  levels.forEach(({ limit }, i) => {
    if (typeof limit !== "number" || limit > TOTAL) return;
    const known = used.slice(0, i + 1).findLast((value) => value !== undefined);
    const left = limit - (known ?? RSS);
    if (least === undefined || left < least.left) least = { left, isKnown: known !== undefined };
  });
  if (least === undefined) return undefined;
  const { left, isKnown } = least as { left: number; isKnown: boolean };
  return Math.max(0, isKnown ? left : Math.min(left, AVAILABLE));
}

function withReader<T>(io: MemoryIo, use: (reader: LinuxReader) => T): T {
  const reader = new LinuxReader("/", io, openEngine({}));
  const result = use(reader);
  reader.close();
  assert.equal(io.unclosed, 0, "a descriptor is left open");
  return result;
}

const figures = (info: MemInfo) => ({ ...info.toJSON(), at: 0 });

/** Of the order of what the trees leave. */
const ENOUGH = 500 * MiB;

/** Headroom by a sample for nothing else, and by one that may leave out the working set. */
function headroomOnly(reader: LinuxReader, ws: boolean): { headroom?: number; enough: number } {
  const usage = ws ? "workingSet" : "current";
  const reading = reader.readingOf(wantedOf({ usage, fields: ["headroom"] }));
  const headroom = reader.sample(reading, Infinity).headroom();
  const enough = reader.sample(reading, ENOUGH).headroom() ?? 0;
  return { ...(headroom !== undefined && { headroom }), enough };
}

describe("in random trees with missing and malformed files", () => {
  it("headroom is what the readable levels leave", () => {
    fc.assert(
      fc.property(tree, fc.constantFrom(...MALFORMED), fc.boolean(), (tree, malformed, ws) => {
        const io = new MemoryIo(filesOfTree(tree, malformed));
        withReader(io, (reader) => {
          const info = reader.sample(fullReading(reader, ws), Infinity);
          const { headroom, enough } = headroomOnly(reader, ws);
          assert.equal(headroom, info.headroom());
          assert.equal(enough >= ENOUGH, (info.headroom() ?? 0) >= ENOUGH);
          const bound = leastBound(tree, ws);
          const broken = tree.levels.some(({ limit }) => limit === "malformed");
          const { cgroupLimit } = reader.signals(fullReading(reader, ws));
          if (bound !== undefined) {
            assert.equal(info.headroom(), bound);
            assert.equal(/^upper bound/.test(cgroupLimit.note ?? ""), broken);
          } else {
            assert.equal(info.headroom(), AVAILABLE);
            assert.equal(info.cgroupLimit, broken ? undefined : Infinity);
            if (broken) assert.match(cgroupLimit.reason!, /is malformed/);
          }
        });
      }),
      settings,
    );
  });

  it("and with few file descriptors, one is enough, and with none nothing is claimed", () => {
    const files = fc.oneof(
      fc.tuple(tree, fc.constantFrom(...MALFORMED)).map(([tree, text]) => filesOfTree(tree, text)),
      fc.constantFrom(...TREES.map((tree) => filesOf(tree))),
    );
    fc.assert(
      fc.property(files, fc.nat({ max: 10 }), fc.boolean(), (files, descriptors, ws) => {
        const io = new MemoryIo(files);
        const right = withReader(
          io,
          (reader) => figures(reader.sample(fullReading(reader, ws), Infinity)),
        );
        io.descriptors = descriptors;
        withReader(io, (reader) => {
          const info = reader.sample(fullReading(reader, ws), Infinity);
          if (descriptors > 0) {
            assert.deepEqual(figures(info), right);
          } else {
            assert.equal(info.headroom(), undefined);
            const { systemAvailable, cgroupLimit } = reader.signals(fullReading(reader, ws));
            assert.match(systemAvailable.reason!, /no file descriptor left/);
            assert.match(cgroupLimit.reason!, /no file descriptor left/);
          }
          io.descriptors = Infinity;
          assert.deepEqual(figures(reader.sample(fullReading(reader, ws), Infinity)), right);
        });
        io.transient = true;
        withReader(io, (reader) => {
          assert.deepEqual(figures(reader.sample(fullReading(reader, ws), Infinity)), right);
          assert.equal(io.unclosed, 0, "a descriptor is held between samples");
        });
      }),
      settings,
    );
  });
});
