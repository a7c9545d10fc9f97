import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { parseLimit, parseStat, parseUsage } from "../../platform/linux/cgroup_files.ts";
import { key } from "../../platform/linux/digits.ts";
import { type Meminfo, parseMeminfo, parseVmRss } from "../../platform/linux/proc_meminfo.ts";
import { parsePressure } from "../../platform/linux/proc_pressure_memory.ts";
import { parseAuxvPageSize } from "../../platform/linux/proc_self_auxv.ts";
import { parseSelfCgroup } from "../../platform/linux/proc_self_cgroup.ts";
import { parseMountinfo } from "../../platform/linux/proc_self_mountinfo.ts";
import { parseStatmResident } from "../../platform/linux/proc_self_statm.ts";
import { NO_RECORDINGS, recordings } from "../support/recordings.ts";

const encode = (text: string) => new TextEncoder().encode(text);

function meminfo(text: string): Meminfo {
  const out: Meminfo = { total: undefined, available: undefined };
  const data = encode(text);
  parseMeminfo(data, data.length, out);
  return out;
}

/** A parser of bytes as a function of text. */
const of = <T>(parse: (data: Uint8Array, length: number) => T) => (text: string): T => {
  const data = encode(text);
  return parse(data, data.length);
};

describe("/proc/meminfo", () => {
  const TOTAL = "MemTotal:       1000 kB\n";
  const rows: [string, string, Meminfo][] = [
    ["gives total and available in bytes", `${TOTAL}MemFree: 1 kB\nMemAvailable: 400 kB\n`, {
      total: 1_024_000,
      available: 409_600,
    }],
    ["clamps a negative MemAvailable to 0", `${TOTAL}MemAvailable: -8 kB\n`, {
      total: 1_024_000,
      available: 0,
    }],
    ["clamps a MemAvailable above the total to it", `${TOTAL}MemAvailable: 9000 kB\n`, {
      total: 1_024_000,
      available: 1_024_000,
    }],
    [
      "estimates MemAvailable on kernels before 3.14",
      `${TOTAL}MemFree: 100 kB\nBuffers: 10 kB\nCached: 60 kB\nShmem: 20 kB\n`,
      { total: 1_024_000, available: 150 * 1024 },
    ],
    [
      "estimates 0 rather than less",
      `${TOTAL}MemFree: 10 kB\nBuffers: 0 kB\nCached: 20 kB\nShmem: 900 kB\n`,
      { total: 1_024_000, available: 0 },
    ],
    [
      "does not estimate where MemAvailable is garbage",
      `${TOTAL}MemFree: 5 kB\nCached: 5 kB\nMemAvailable: x kB\n`,
      {
        total: 1_024_000,
        available: undefined,
      },
    ],
    ["takes a line cut short for garbage", "MemTotal:       10", {
      total: undefined,
      available: undefined,
    }],
    ["takes 2^64 for garbage", "MemTotal: 18446744073709551616 kB\nMemAvailable: 1 kB\n", {
      total: undefined,
      available: 1024,
    }],
    ["takes a machine without memory for garbage", "MemTotal: 0 kB\nMemAvailable: 1 kB\n", {
      total: undefined,
      available: 1024,
    }],
    [
      "is not misled by keys that begin alike",
      `MemTotalX: 1 kB\nXMemTotal: 2 kB\n${TOTAL}MemAvailableX: 3 kB\nMemAvailable: 4 kB\n`,
      {
        total: 1_024_000,
        available: 4096,
      },
    ],
    ["gives nothing for an empty file", "", { total: undefined, available: undefined }],
  ];
  for (const [title, text, expected] of rows) {
    it(title, () => assert.deepEqual(meminfo(text), expected));
  }

  it("ignores what a longer reading left behind", () => {
    const out: Meminfo = { total: undefined, available: undefined };
    const data = encode(`${TOTAL}MemFree: 1 kB\nMemAvailable: 400 kB\n`);
    parseMeminfo(data, TOTAL.length, out);
    assert.deepEqual(out, { total: 1_024_000, available: undefined });
  });

  it("recorded texts of old, broken and new kernels", {
    skip: recordings === undefined && NO_RECORDINGS,
  }, () => {
    const KIB = 1024;
    const expected: Record<string, [number, number]> = {
      "modern-6.18.txt": [24_684_092, 24_349_632],
      "modern-3.14plus-falcon.txt": [0, 0],
      "available-exceeds-total.txt": [1_551_032, 1_551_032],
      "psutil-negative-available.txt": [16_325_648, 0],
      "psutil-missing-file-lru.txt": [16_325_648, 2_057_400 + 287_952 + 4_818_144 - 577_588],
      "old-no-memavailable-openvz.txt": [5_683_284, 2_510_052 + 120_284 - 350_868],
      "old-no-memavailable-elastic.txt": [
        61_641_404,
        25_071_456 + 2728 + 26_667_096 - 9504,
      ],
      "old-no-memavailable-procfs.txt": [15_666_184, 440_324 + 1_020_128 + 12_007_640 - 1308],
    };
    const folder = path.join(recordings!, "meminfo");
    for (const name of fs.readdirSync(folder)) {
      if (name === "SOURCE.txt") continue;
      const text = fs.readFileSync(path.join(folder, name), "utf8");
      const { total, available } = meminfo(text);
      // Modern files state the answer themselves.
      const line = (label: string) =>
        Number(new RegExp(`^${label}:\\s+(\\d+) kB`, "m").exec(text)?.[1]);
      const [wantTotal, wantAvailable] = name.startsWith("modern")
        ? [line("MemTotal"), line("MemAvailable")]
        : expected[name]!;
      assert.deepEqual([total, available], [wantTotal * KIB, wantAvailable * KIB], name);
    }
  });
});

describe("/proc/pressure/memory", () => {
  const SOME = "some avg10=0.10 avg60=2.00 avg300=3.85 total=15\n";
  const FULL = "full avg10=0.20 avg60=3.00 avg300=4.95 total=25\n";

  it("gives percentages and microseconds", () => {
    assert.deepEqual(parsePressure(SOME + FULL), {
      some: { avg10: 0.1, avg60: 2, avg300: 3.85, total: 15 },
      full: { avg10: 0.2, avg60: 3, avg300: 4.95, total: 25 },
    });
  });

  it("gives nothing unless both lines are whole", () => {
    const texts = [
      "",
      SOME,
      FULL,
      SOME + FULL.slice(0, -10),
      SOME.replace("0.10", "x") + FULL,
      SOME.replace("0.10", "-1.00") + FULL,
      SOME.replace("2.00", "200.00") + FULL,
      SOME.replace("=15", `=${2 ** 60}`) + FULL,
    ];
    for (const text of texts) assert.equal(parsePressure(text), undefined, text);
  });

  it("recorded texts", { skip: recordings === undefined && NO_RECORDINGS }, () => {
    const folder = path.join(recordings!, "psi");
    for (const name of fs.readdirSync(folder)) {
      if (name === "SOURCE.txt") continue;
      const text = fs.readFileSync(path.join(folder, name), "utf8");
      assert.equal(parsePressure(text)?.some.total, Number(/total=(\d+)/.exec(text)?.[1]), name);
    }
  });
});

describe("/proc/self/status", () => {
  it("gives VmRSS in bytes", () => {
    assert.equal(of(parseVmRss)("Name:\tx\nVmHWM:\t 9 kB\nVmRSS:\t    12 kB\n"), 12_288);
    assert.equal(of(parseVmRss)("Name:\tVmRSS: 1 kB\n"), undefined);
  });
});

describe("/proc/self/statm", () => {
  it("gives the second number", () => {
    assert.equal(of(parseStatmResident)("4538791 10227 6611 15604 0 139 0\n"), 10_227);
  });

  it("gives nothing for garbage", () => {
    for (
      const text of [
        "",
        "5",
        "5 ",
        "5 6",
        "5 6\n",
        "a b c",
        "5 -6 7",
        "5  6 7",
        "5 0 1 2",
        `5 ${"9".repeat(21)} 7`,
      ]
    ) {
      assert.equal(of(parseStatmResident)(text), undefined, JSON.stringify(text));
    }
  });
});

describe("/proc/self/auxv", () => {
  const words = (bits: 64 | 32, ...entries: number[]) =>
    new Uint8Array(
      bits === 64
        ? new BigUint64Array(entries.map(BigInt)).buffer
        : new Uint32Array(entries).buffer,
    );

  it("gives the page size on 64-bit and on 32-bit systems", () => {
    assert.equal(parseAuxvPageSize(words(64, 33, 7, 6, 16_384, 0, 0)), 16_384);
    assert.equal(parseAuxvPageSize(words(32, 33, 7, 6, 4096, 0, 0)), 4096);
  });

  it("gives nothing for garbage", () => {
    for (
      const data of [
        words(64),
        words(64, 6),
        words(64, 6, 5000, 0, 0),
        words(64, 0, 0, 6, 4096),
        new Uint8Array(13),
      ]
    ) {
      assert.equal(parseAuxvPageSize(data), undefined);
    }
  });
});

describe("/proc/self/cgroup", () => {
  it("splits on the first two colons only and leaves the path as it is", () => {
    assert.deepEqual(parseSelfCgroup("12:cpu,memory:/a:b:c\n0::/x y (deleted)\n"), [
      { controllers: ["cpu", "memory"], path: "/a:b:c" },
      { controllers: [], path: "/x y (deleted)" },
    ]);
  });

  it("passes over lines of another form", () => {
    assert.deepEqual(parseSelfCgroup("\n:\n::\n0:\n0::\n0::relative\n:memory:/x\ngarbage\0\n"), []);
  });
});

describe("/proc/self/mountinfo", () => {
  it("finds the separator behind any number of optional fields", () => {
    const at = (optional: string) => `1 2 0:3 / /m rw${optional} - cgroup2 src rw,a b,c`;
    for (const optional of ["", " shared:1", " shared:1 master:2 propagate_from:3"]) {
      assert.deepEqual(parseMountinfo(at(optional)), [
        { version: 2, root: "/", mountPoint: "/m", superOptions: ["rw", "a b", "c"] },
      ]);
    }
  });

  it("passes over other file systems and cut lines", () => {
    assert.deepEqual(
      parseMountinfo("1 2 0:3 / /m rw - ext4 x rw\n1 2 0:3 / /m rw - cgroup2\n1 - 2\n\0\n"),
      [],
    );
  });

  it("a mount point of a dash is not the separator", () => {
    assert.deepEqual(parseMountinfo("1 2 0:3 / - rw shared:9 - cgroup2 x rw")[0]?.mountPoint, "-");
  });
});

describe("memory.max and memory.limit_in_bytes", () => {
  const rows: [string, number | undefined][] = [
    ["536870912\n", 536_870_912],
    ["0\n", 0],
    ["max\n", Infinity],
    ["9223372036854771712\n", Infinity],
    ["9223372036854710272\n", Infinity],
    ["9223372036854775807\n", Infinity],
    ["9223372036854771712", Infinity],
    ["922337203685477171x\n", undefined],
    ["9223372036854771712 1\n", undefined],
    ["922337203685477171\n", 922_337_203_685_477_171],
    ["4611686018427387904\n", Infinity],
    ["18446744073709551616\n", undefined],
    ["99999999999999999999999\n", undefined],
    ["", undefined],
    ["\n", undefined],
    ["-1\n", undefined],
    ["maximum\n", undefined],
    ["12x\n", undefined],
    ["12\n34\n", undefined],
    ["\0\0\0\0", undefined],
  ];
  for (const [text, expected] of rows) {
    it(`${JSON.stringify(text)} is ${expected}`, () =>
      assert.equal(of(parseLimit)(text), expected));
  }
});

describe("memory.current and memory.usage_in_bytes", () => {
  it("is a safe integer or nothing", () => {
    const usage = of(parseUsage);
    assert.equal(usage("104857600\n"), 104_857_600);
    assert.equal(usage("0\n"), 0);
    for (
      const text of ["", "max\n", "-5\n", "9007199254740993\n", "1 2\n", "18446744073709551616\n"]
    ) {
      assert.equal(usage(text), undefined, JSON.stringify(text));
    }
  });
});

describe("memory.stat", () => {
  const stat = (text: string) =>
    of((data, length) => parseStat(data, length, key("inactive_file")))(text);

  it("matches the whole key", () => {
    assert.equal(stat("anon 1\ntotal_inactive_file 2\ninactive_file_x 3\ninactive_file 4\n"), 4);
  });

  it("gives nothing for a missing, garbled or cut line", () => {
    for (const text of ["", "anon 1\n", "inactive_file x\n", "inactive_file 12", "inactive_file"]) {
      assert.equal(stat(text), undefined, JSON.stringify(text));
    }
  });
});
