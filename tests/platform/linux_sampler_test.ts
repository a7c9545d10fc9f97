import fc from "fast-check";
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { openEngine, thisEngine } from "../../platform/engine.ts";
import { type FileIo, nodeFileIo } from "../../platform/file_io.ts";
import { RECHECK_PERIOD } from "../../platform/linux/cgroup.ts";
import { JOINT_FOR, LinuxReader } from "../../platform/linux/linux_reader.ts";
import { MiB } from "../../src/bytes.ts";
import { openSampler } from "../../src/host/sampling.ts";
import type { MemInfo } from "../../src/mem_info.ts";
import type { SamplerOptions } from "../../src/sampler.ts";
import { sample } from "../../src/sample.ts";
import { watch } from "../../src/watch.ts";
import { MEMINFO } from "../fixtures/cgroup_trees.ts";
import { fullReading } from "../support/full_reading.ts";
import { settle } from "../support/async.ts";
import { writeTree } from "../support/environments.ts";
import { MemoryIo } from "../support/memory_io.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { openDescriptors, withTempFolder } from "../support/temp.ts";

const linux = process.platform === "linux" ? false : "needs Linux";

/** A one-level v2 environment, with a process of 1,000 pages. */
const CONTAINER: Record<string, string> = {
  "proc/meminfo": MEMINFO,
  "proc/self/cgroup": "0::/\n",
  "proc/self/mountinfo": "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
  "proc/self/status": "Name:\tx\nVmRSS:\t    4000 kB\n",
  "sys/fs/cgroup/memory.max": `${512 * MiB}\n`,
  "sys/fs/cgroup/memory.current": `${100 * MiB}\n`,
  "sys/fs/cgroup/memory.stat": `anon 1\ninactive_file ${30 * MiB}\n`,
};

/** What is sampled in it while nothing is wrong. */
const EXPECTED = {
  systemTotal: 8000 * MiB,
  systemAvailable: 6000 * MiB,
  processRss: 4000 * 1024,
  cgroupLimit: 512 * MiB,
  cgroupCurrent: 100 * MiB,
  cgroupWorkingSet: 70 * MiB,
};
type Field = keyof typeof EXPECTED;

function fields(info: MemInfo): Record<Field, number | undefined> {
  return Object.fromEntries(
    Object.keys(EXPECTED).map((name) => [name, info[name as Field]]),
  ) as Record<Field, number | undefined>;
}

/** Runs `use` with the container's tree and a sampler of it. */
function inContainer(
  use: (root: string, sample: () => MemInfo) => void | Promise<void>,
  options: SamplerOptions = {},
): Promise<void> {
  return withTempFolder(async (root) => {
    writeTree(root, CONTAINER);
    const sampler = openSampler({ adapter: "linux", root, ...options });
    try {
      await use(root, () => sampler.sample() as MemInfo);
    } finally {
      sampler.close();
    }
  });
}

const put = (root: string, file: string, content: string | Uint8Array) =>
  fs.writeFileSync(path.join(root, file), content);

describe("the Linux sampler", () => {
  it("samples every field of a container", () =>
    inContainer((_, sample) => assert.deepEqual(fields(sample()), EXPECTED), {
      usage: "workingSet",
    }));

  it("does not read memory.stat unless asked for the working set", () =>
    inContainer((_, sample) =>
      assert.deepEqual(fields(sample()), { ...EXPECTED, cgroupWorkingSet: undefined })
    ));

  it("reads the group's pressure, or else the machine's, when asked to", async () => {
    const text = (total: number) =>
      ["some", "full"].map((name) => `${name} avg10=0.00 avg60=1.50 avg300=0.00 total=${total}\n`)
        .join("");
    await inContainer((root, sample) => {
      assert.equal(sample().pressure, undefined);
      put(root, "sys/fs/cgroup/memory.pressure", text(7));
    }, { pressure: true });
    for (
      const [file, total] of [["proc/pressure/memory", 5], [
        "sys/fs/cgroup/memory.pressure",
        7,
      ]] as const
    ) {
      await withTempFolder((root) => {
        writeTree(root, { ...CONTAINER, "proc/pressure/memory": text(5), [file]: text(total) });
        const sampler = openSampler({ adapter: "linux", root, pressure: true });
        const info = sampler.sample() as MemInfo;
        assert.equal(info.pressure?.full.total, total);
        assert.equal(info.pressure.some.avg60, 1.5);
        assert.equal(sampler.signals.pressure.source, path.join(root, file));
        assert.ok(JSON.stringify(info).includes(`"total":${total}`));
        sampler.close();
      });
    }
    await inContainer((root) => {
      const sampler = openSampler({ adapter: "linux", root });
      assert.match(sampler.signals.pressure.reason!, /not asked for/);
      sampler.close();
    });
  });

  it("says why the kernel gives no notice of pressure", async () => {
    await inContainer((root) => {
      const sampler = openSampler({ adapter: "linux", root });
      assert.match(sampler.signals.pressureEvents.reason!, /no memory.events at any level/);
      sampler.close();
    });
    await withTempFolder((root) => {
      writeTree(root, {
        ...CONTAINER,
        "proc/self/cgroup": "4:memory:/\n",
        "proc/self/mountinfo": "30 24 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "4096\n",
      });
      const sampler = openSampler({ adapter: "linux", root });
      assert.match(sampler.signals.pressureEvents.reason!, /cgroup v1 has no memory.events/);
      assert.equal(sampler.onPressure!(() => {}, false), undefined);
      sampler.close();
    });
  });

  it("wakes a watch when memory.events changes, and lets go of the file", async () => {
    await withTempFolder(async (root) => {
      writeTree(root, { ...CONTAINER, "sys/fs/cgroup/memory.events": "high 0\nmax 0\n" });
      const stop = new AbortController();
      const causes: string[] = [];
      const done = watch({
        interval: 1e6,
        adapter: "linux",
        root,
        wakeOnPressure: true,
        signal: stop.signal,
      }, (_, { cause }) => {
        causes.push(cause);
        stop.abort();
      });
      put(root, "sys/fs/cgroup/memory.events", "high 1\nmax 0\n");
      await done;
      assert.deepEqual(causes, ["pressure"]);
    });
  });

  it("sees a limit changed, lifted and set again while it runs", () =>
    inContainer((root, sample) => {
      const limits = [["1048576\n", 1_048_576], ["max\n", Infinity], [
        "2097152\n",
        2_097_152,
      ]] as const;
      for (const [text, limit] of limits) {
        put(root, "sys/fs/cgroup/memory.max", text);
        assert.equal(sample().cgroupLimit, limit);
      }
    }));

  it("finds the group again when the process has been moved", () =>
    inContainer((root, sample) => {
      sample();
      put(root, "proc/self/cgroup", "0::/other\n");
      writeTree(root, {
        "sys/fs/cgroup/other/memory.max": `${64 * MiB}\n`,
        "sys/fs/cgroup/other/memory.current": `${60 * MiB}\n`,
      });
      const now = Date.now;
      try {
        assert.equal(sample().cgroupLimit, 512 * MiB);
        Date.now = () => now() + RECHECK_PERIOD;
        assert.equal(sample().cgroupLimit, 64 * MiB);
        assert.equal(sample().headroom(), 4 * MiB);
      } finally {
        Date.now = now;
      }
    }));

  it("one garbled file makes its own signal undefined and leaves the rest", async () => {
    const dependent: Record<string, Field[]> = {
      "proc/meminfo": ["systemTotal", "systemAvailable"],
      "proc/self/status": ["processRss"],
      "sys/fs/cgroup/memory.max": ["cgroupLimit"],
      "sys/fs/cgroup/memory.current": ["cgroupCurrent", "cgroupWorkingSet"],
      "sys/fs/cgroup/memory.stat": ["cgroupWorkingSet"],
    };
    const garbage = [
      "",
      "\0\xff\xfe\x01",
      "-1\n",
      "18446744073709551616\n",
      "9".repeat(20_000),
      "MemTotal: -3 kB\nVmRSS: 99999999999999999999999 kB\ninactive_file -1\n",
    ];
    await inContainer((root, sample) => {
      for (const [file, names] of Object.entries(dependent)) {
        for (const text of garbage) {
          put(root, file, text);
          const expected: Record<string, number | undefined> = { ...EXPECTED };
          for (const name of names) expected[name] = undefined;
          // Whatever is known of the working set is the limit's own level's.
          assert.deepEqual(
            fields(sample()),
            expected,
            `${file}: ${JSON.stringify(text.slice(0, 30))}`,
          );
        }
        put(root, file, CONTAINER[file]!);
        assert.deepEqual(fields(sample()), EXPECTED, `after ${file}`);
      }
    }, { usage: "workingSet" });
  });

  it("any bytes in any kernel file neither throw nor give a figure that is no size", () => {
    const io = new MemoryIo(CONTAINER);
    const reader = new LinuxReader("", io, openEngine({}));
    const put = (file: string, content: string) =>
      void io.files.set(`/${file}`, new TextEncoder().encode(content));
    const files = Object.keys(CONTAINER).filter((file) => file !== "proc/self/mountinfo");
    const piece = fc.oneof(
      fc.constantFrom(
        "MemTotal:",
        "MemAvailable: ",
        "VmRSS:",
        "inactive_file ",
        "max",
        " kB\n",
        "\n",
        "0::/",
        "-",
      ),
      fc.bigInt({ min: 0n, max: 2n ** 66n }).map(String),
      fc.string({ unit: "binary" }),
    );
    const text = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(""));
    // Each sample checks the place of the cgroup, however long the test takes.
    const clock = Date.now;
    let now = clock();
    const sampleLater = () => {
      now += RECHECK_PERIOD;
      Date.now = () => now;
      try {
        return reader.sample(fullReading(reader, true), Infinity);
      } finally {
        Date.now = clock;
      }
    };
    fc.assert(
      fc.property(fc.constantFrom(...files), text, (file, content) => {
        put(file, content);
        const info = sampleLater();
        put(file, CONTAINER[file]!);
        for (const [name, value] of Object.entries(fields(info))) {
          if (value === undefined || (name === "cgroupLimit" && value === Infinity)) continue;
          assert.ok(Number.isSafeInteger(value) && value >= 0, `${name} is ${value}`);
        }
        const headroom = info.headroom();
        assert.ok(headroom === undefined || headroom >= 0);
      }),
      { numRuns: Number(process.env.MEMCTL_FUZZ_RUNS ?? 150), seed: 20_240_601 },
    );
    assert.deepEqual(fields(sampleLater()), EXPECTED);
    reader.close();
  });

  it("counts the resident set against a limit whose usage cannot be read", () =>
    inContainer((root, sample) => {
      put(root, "sys/fs/cgroup/memory.current", "garbage");
      assert.equal(sample().headroom(), 512 * MiB - EXPECTED.processRss);
    }));

  it("samples the root that is named and never this machine in its place", () =>
    withTempFolder(async (root) => {
      const info = await sample({ root });
      for (const name of ["systemTotal", "processRss", "cgroupLimit"] as const) {
        assert.equal(info[name], undefined, name);
      }
    }));

  it("does not read the root of a v1 hierarchy, which takes no limit", () =>
    withTempFolder((root) => {
      const group = "sys/fs/cgroup/memory";
      writeTree(root, {
        ...CONTAINER,
        "proc/self/cgroup": "4:memory:/app\n",
        "proc/self/mountinfo": "30 24 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
        [`${group}/cgroup.sane_behavior`]: "0\n",
        [`${group}/memory.limit_in_bytes`]: `${MiB}\n`, // no kernel says so
        [`${group}/memory.usage_in_bytes`]: `${MiB}\n`,
        [`${group}/app/memory.limit_in_bytes`]: `${64 * MiB}\n`,
        [`${group}/app/memory.usage_in_bytes`]: `${MiB}\n`,
      });
      const sampler = openSampler({ root });
      assert.equal((sampler.sample() as MemInfo).cgroupLimit, 64 * MiB);
      sampler.close();
    }));

  it("says of each file that is missing that it is", () =>
    withTempFolder((root) => {
      const sampler = openSampler({ adapter: "linux", root });
      const { signals } = sampler;
      for (const name of ["systemAvailable", "systemTotal", "processRss", "cgroupLimit"] as const) {
        assert.equal(signals[name].available, false);
        assert.match(signals[name].reason ?? "", /does not exist/);
      }
      sampler.close();
    }));

  it("says why there is no limit where the memory controller is off", () =>
    withTempFolder((root) => {
      writeTree(root, {
        ...CONTAINER,
        "proc/self/cgroup": "0::/app\n",
        "sys/fs/cgroup/app/cgroup.procs": "",
      });
      for (const name of ["memory.max", "memory.current"]) {
        fs.rmSync(path.join(root, "sys/fs/cgroup", name));
      }
      const sampler = openSampler({ adapter: "linux", root });
      assert.equal((sampler.sample() as MemInfo).cgroupLimit, Infinity);
      assert.match(
        sampler.signals.cgroupCurrent.reason ?? "",
        /no memory.max at any level: memory controller off/,
      );
      assert.match(sampler.signals.cgroupLimit.note ?? "", /memory controller off/);
      sampler.close();
    }));

  it("throws when sampled after close; closing twice is harmless", () =>
    inContainer(() => {
      const sampler = openSampler({ adapter: "linux" });
      sampler.close();
      sampler.close();
      assert.throws(() => sampler.sample(), /sampler is closed/);
    }));

  it(
    "1,000 watches hold the file descriptors of one, and release them",
    { skip: linux },
    async () => {
      const clock = new ManualClock();
      const before = openDescriptors()!;
      const stop = new AbortController();
      const start = () => watch({ interval: 1, signal: stop.signal, root: "/.", clock }, () => {});
      // Under a name of its own for the root, no other test has it open.
      const watches = [start()];
      const ofOne = openDescriptors()!;
      assert.ok(ofOne > before, "a watch holds descriptors");
      for (let i = 1; i < 1_000; i++) watches.push(start());
      assert.equal(openDescriptors(), ofOne);
      clock.tick(2);
      await settle();
      stop.abort();
      await Promise.all(watches);
      assert.equal(openDescriptors(), before);
    },
  );

  it("agrees with what a shell reads from the kernel", { skip: linux }, () => {
    const sampler = openSampler({ adapter: "linux" });
    const info = sampler.sample() as MemInfo;
    const { cgroupLimit, systemTotal, processRss } = sampler.signals;
    const kib = Number(
      /^MemTotal:\s+(\d+) kB$/m.exec(fs.readFileSync("/proc/meminfo", "utf8"))?.[1],
    );
    assert.equal(info.systemTotal, kib * 1024);
    assert.equal(systemTotal.source, "/proc/meminfo");
    const rss = process.memoryUsage().rss;
    assert.ok(Math.abs(info.processRss! - rss) < 32 * MiB, `${info.processRss} against ${rss}`);
    assert.notEqual(cgroupLimit.source, "");
    const isBun = "Bun" in globalThis;
    assert.equal(processRss.source, isBun ? "process.memoryUsage()" : "/proc/self/statm");
    sampler.close();
  });
});

/** Real files, but for calls that are told to fail. */
class FaultyIo implements FileIo {
  opened = 0;
  closed = 0;
  reads = 0;
  /** The error code that a call on a path gives, if any. */
  fault: (call: "open" | "read", path: string) => string | undefined = () => undefined;
  readonly #paths = new Map<number, string>();

  open(file: string): number {
    this.#check("open", file);
    const fd = nodeFileIo.open(file);
    this.opened++;
    this.#paths.set(fd, file);
    return fd;
  }

  read(fd: number, into: Uint8Array): number {
    this.reads++;
    this.#check("read", this.#paths.get(fd)!);
    return nodeFileIo.read(fd, into);
  }

  close(fd: number): void {
    this.closed++;
    this.#paths.delete(fd);
    nodeFileIo.close(fd);
  }

  readAll(file: string): Uint8Array {
    this.#check("open", file);
    return nodeFileIo.readAll(file);
  }

  exists(file: string): boolean {
    return nodeFileIo.exists(file);
  }

  #check(call: "open" | "read", file: string): void {
    const code = this.fault(call, file);
    if (code !== undefined) throw Object.assign(new Error(code), { code });
  }
}

describe("the Linux reader under faults", () => {
  const withReader = (
    use: (reader: LinuxReader, io: FaultyIo, root: string) => void,
    prepare: (io: FaultyIo) => void = () => {},
  ) =>
    withTempFolder((root) => {
      writeTree(root, CONTAINER);
      const io = new FaultyIo();
      prepare(io);
      const reader = new LinuxReader(root, io, openEngine(thisEngine));
      use(reader, io, root);
      reader.close();
      assert.equal(io.closed, io.opened, "a descriptor is left open");
    });

  const WANT = { ...EXPECTED, cgroupWorkingSet: undefined };

  it("a sample is four reads and no open", () =>
    withReader((reader, io) => {
      reader.sample(fullReading(reader, false), Infinity);
      const { opened, reads } = io;
      for (let i = 0; i < 1_000; i++) reader.sample(fullReading(reader, false), Infinity);
      assert.equal(io.opened, opened);
      assert.equal(io.reads - reads, 4_000);
    }));

  it("a further level is two reads more, the working set one more per level", () =>
    withTempFolder((root) => {
      writeTree(root, {
        ...CONTAINER,
        "proc/self/cgroup": "0::/leaf\n",
        "sys/fs/cgroup/leaf/memory.max": `${64 * MiB}\n`,
        "sys/fs/cgroup/leaf/memory.current": `${MiB}\n`,
        "sys/fs/cgroup/leaf/memory.stat": "inactive_file 0\n",
      });
      const io = new FaultyIo();
      const reader = new LinuxReader(root, io, openEngine(thisEngine));
      const readsOf = (workingSet: boolean) => {
        reader.sample(fullReading(reader, workingSet), Infinity);
        const before = io.reads;
        reader.sample(fullReading(reader, workingSet), Infinity);
        return io.reads - before;
      };
      assert.equal(readsOf(false), 6);
      assert.equal(readsOf(true), 8);
      reader.close();
    }));

  it("watches due at once share one reading, and none gets it twice or late", () =>
    withTempFolder((root) => {
      writeTree(root, CONTAINER);
      const io = new FaultyIo();
      let now = 0;
      const reader = new LinuxReader(root, io, openEngine(thisEngine), () => now);
      const readings = () => io.reads / 4;
      const first = reader.sampleJointly(fullReading(reader, false), undefined);
      const before = readings();
      for (let i = 0; i < 1_000; i++) {
        assert.equal(reader.sampleJointly(fullReading(reader, false), undefined), first);
      }
      assert.equal(readings(), before);

      const second = reader.sampleJointly(fullReading(reader, false), first);
      assert.notEqual(second, first, "the same watch again");
      now += JOINT_FOR * 0.9;
      assert.equal(reader.sampleJointly(fullReading(reader, false), first), second);
      now += JOINT_FOR * 0.2;
      assert.notEqual(reader.sampleJointly(fullReading(reader, false), first), second, "too old");
      assert.equal(readings(), before + 2);

      assert.equal(
        reader.sampleJointly(fullReading(reader, true), undefined).cgroupWorkingSet,
        70 * MiB,
      );
      assert.equal(
        reader.sampleJointly(fullReading(reader, false), undefined).cgroupWorkingSet,
        undefined,
      );
      reader.close();
    }));

  for (const code of ["EIO", "EACCES", "ENODEV", "ENOENT"]) {
    it(`${code} in the middle makes one field undefined, and it comes back`, () =>
      withReader((reader, io) => {
        const cases: [string, Partial<Record<Field, undefined>>][] = [
          ["memory.current", { cgroupCurrent: undefined }],
          ["memory.max", { cgroupLimit: undefined }],
          ["meminfo", { systemAvailable: undefined, systemTotal: undefined }],
          ["status", { processRss: undefined }],
        ];
        for (const [file, lost] of cases) {
          io.fault = (call, name) => call === "read" && name.endsWith(file) ? code : undefined;
          assert.deepEqual(fields(reader.sample(fullReading(reader, false), Infinity)), {
            ...WANT,
            ...lost,
          }, file);
          io.fault = () => undefined;
          assert.deepEqual(
            fields(reader.sample(fullReading(reader, false), Infinity)),
            WANT,
            `after ${file}`,
          );
        }
      }));
  }

  it("a group removed under the open files is looked for again at once", () =>
    withReader((reader, io, root) => {
      put(root, "proc/self/cgroup", "0::/new\n");
      writeTree(root, {
        "sys/fs/cgroup/new/memory.max": `${64 * MiB}\n`,
        "sys/fs/cgroup/new/memory.current": `${MiB}\n`,
      });
      const old = path.join(root, "sys/fs/cgroup/memory.max");
      io.fault = (call, name) =>
        call === "read" && name === old && io.opened < 9 ? "ENODEV" : undefined;
      assert.equal(reader.sample(fullReading(reader, false), Infinity).cgroupLimit, 64 * MiB);
    }));

  it("opens what it can once there are descriptors again", () =>
    withReader((reader, io) => {
      const starved = fields(reader.sample(fullReading(reader, false), Infinity));
      assert.deepEqual(starved, {
        systemTotal: undefined,
        systemAvailable: undefined,
        processRss: undefined,
        cgroupLimit: undefined,
        cgroupCurrent: undefined,
        cgroupWorkingSet: undefined,
      });
      assert.match(
        reader.signals(fullReading(reader, false)).systemTotal.reason!,
        /no file descriptor left/,
      );
      io.fault = () => undefined;
      const info = reader.sample(fullReading(reader, false), Infinity);
      assert.equal(info.systemTotal, EXPECTED.systemTotal);
      const now = Date.now;
      try {
        Date.now = () => now() + RECHECK_PERIOD;
        assert.deepEqual(fields(reader.sample(fullReading(reader, false), Infinity)), WANT);
      } finally {
        Date.now = now;
      }
    }, (io) => {
      io.fault = (call) => call === "open" ? "EMFILE" : undefined;
    }));

  it("a level that this user may not read is named, and no limit is not claimed", () =>
    withReader((reader) => {
      assert.equal(reader.sample(fullReading(reader, false), Infinity).cgroupLimit, undefined);
      assert.match(
        reader.signals(fullReading(reader, false)).cgroupLimit.reason!,
        /this user may not read .*memory\.max/,
      );
    }, (io) => {
      io.fault = (call, name) =>
        call === "open" && name.endsWith("memory.max") ? "EACCES" : undefined;
    }));
});
