// The least and the largest figure that a kernel file may hold, and bytes that
// are in the reused buffer from an earlier, longer reading.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseLimit, parseStat, parseUsage } from "../../platform/linux/cgroup_files.ts";
import { key } from "../../platform/linux/digits.ts";
import { type Meminfo, parseMeminfo, parseVmRss } from "../../platform/linux/proc_meminfo.ts";
import { parsePressure } from "../../platform/linux/proc_pressure_memory.ts";
import { parseAuxvPageSize } from "../../platform/linux/proc_self_auxv.ts";
import { parseSelfCgroup } from "../../platform/linux/proc_self_cgroup.ts";
import { parseMountinfo } from "../../platform/linux/proc_self_mountinfo.ts";
import { parseStatmResident } from "../../platform/linux/proc_self_statm.ts";

/** Parses a text whose last `stale` bytes were left behind by an earlier reading. */
const of = <T>(parse: (data: Uint8Array, length: number) => T) => (text: string, stale = 0): T => {
  const data = new TextEncoder().encode(text);
  return parse(data, data.length - stale);
};
const meminfo = of((data, length) => {
  const out: Meminfo = { total: undefined, available: undefined };
  parseMeminfo(data, length, out);
  return out;
});
const limit = of(parseLimit);
const usage = of(parseUsage);
const statm = of(parseStatmResident);
const inactive = of((data, length) => parseStat(data, length, key("inactive_file")));

describe("a limit", () => {
  it("of 19 digits is a limit below 2^62 and none from there on", () => {
    assert.equal(limit("1000000000000000000\n"), 1e18);
    assert.equal(limit("4000000000000000000\n"), 4e18);
    assert.equal(limit("5000000000000000000\n"), Infinity);
  });

  it("of 20 digits is none, and of more is malformed", () => {
    assert.equal(limit("10000000000000000000\n"), Infinity);
    assert.equal(limit("000000000000000000012\n"), undefined);
    assert.equal(usage("00000000000000000012\n"), 12);
    assert.equal(usage("000000000000000000012\n"), undefined);
  });

  it("may lack the newline, and nothing else may follow", () => {
    assert.equal(limit("max"), Infinity);
    assert.equal(limit("12"), 12);
    assert.equal(limit("12x"), undefined);
    assert.equal(limit("maxx"), undefined);
  });

  it("ends with the reading", () => {
    assert.equal(limit("123456\n", 4), 123);
    assert.equal(limit("max\n", 2), undefined);
    assert.equal(limit("9223372036854771712\n", 5), 922_337_203_685_477);
  });
});

describe("a usage", () => {
  it("is at most the largest safe integer", () => {
    assert.equal(usage("9007199254740991\n"), Number.MAX_SAFE_INTEGER);
    assert.equal(usage("9007199254740992\n"), undefined);
  });
});

describe("a line of memory.stat", () => {
  it("holds one number, which may be 0", () => {
    assert.equal(inactive("inactive_file 0\n"), 0);
    for (const text of ["inactive_file \n", "inactive_file 12 3\n", "inactive_file 12x\n"]) {
      assert.equal(inactive(text), undefined, JSON.stringify(text));
    }
  });

  it("is cut short where the reading ends before its newline", () => {
    assert.equal(inactive("inactive_file 12\n", 1), undefined);
    assert.equal(inactive("inactive_file 12\n", 2), undefined);
  });
});

describe("/proc/meminfo", () => {
  it("may give its lines in any order", () => {
    assert.deepEqual(meminfo("MemAvailable: 4 kB\nMemFree: 1 kB\nMemTotal: 9 kB\n"), {
      total: 9 * 1024,
      available: 4 * 1024,
    });
  });

  it("gives sizes up to the largest safe integer", () => {
    assert.deepEqual(meminfo("MemTotal: 8796093022207 kB\nMemAvailable: 8796093022207 kB\n"), {
      total: 8_796_093_022_207 * 1024,
      available: 8_796_093_022_207 * 1024,
    });
    assert.deepEqual(meminfo("MemTotal: 8796093022208 kB\nMemAvailable: 8796093022208 kB\n"), {
      total: undefined,
      available: undefined,
    });
  });

  it("is cut short where the reading ends before a unit", () => {
    for (const stale of [1, 2, 3, 4, 5]) {
      assert.equal(meminfo("MemTotal: 12 kB\n", stale).total, stale === 1 ? 12_288 : undefined);
    }
  });

  it("may have a total that is known and nothing available, and the other way round", () => {
    assert.deepEqual(meminfo("MemTotal: 9 kB\nMemAvailable: 0 kB\n"), {
      total: 9 * 1024,
      available: 0,
    });
    assert.deepEqual(meminfo("MemAvailable: 4 kB\n"), { total: undefined, available: 4 * 1024 });
  });
});

describe("/proc/self/status", () => {
  it("gives no size where VmRSS has no unit, is cut or is out of range", () => {
    const status = of(parseVmRss);
    for (const text of ["VmRSS:\t12\n", "VmRSS:\t12 MB\n", "VmRSS:\t8796093022208 kB\n"]) {
      assert.equal(status(text), undefined, JSON.stringify(text));
    }
  });
});

describe("/proc/self/statm", () => {
  it("has one space between its numbers and none before them", () => {
    for (const text of ["5x6 7\n", " 6 7\n", "x 6 7\n", "5 6x7\n"]) {
      assert.equal(statm(text), undefined, JSON.stringify(text));
    }
  });

  it("is cut short where the reading ends behind the second number", () => {
    assert.equal(statm("5 6 7\n", 2), 6);
    assert.equal(statm("5 6 7\n", 3), undefined);
  });

  it("gives pages whose bytes are a safe integer on every page size", () => {
    assert.equal(statm("5 137438953471 7\n"), 137_438_953_471);
    assert.equal(statm("5 137438953472 7\n"), undefined);
  });
});

describe("/proc/self/auxv", () => {
  const pageSize = (...words: number[]) =>
    parseAuxvPageSize(new Uint8Array(new BigUint64Array(words.map(BigInt)).buffer));

  it("gives a page size that Linux has", () => {
    for (const size of [4096, 65_536, 262_144]) assert.equal(pageSize(6, size, 0, 0), size);
    for (const size of [0, 1, 2048, 524_288, 4097, 12_288]) {
      assert.equal(pageSize(6, size, 0, 0), undefined, `${size}`);
    }
  });

  it("is read to its last entry", () => {
    assert.equal(pageSize(33, 7, 6, 16_384), 16_384);
  });
});

describe("pressure stall information", () => {
  const line = (name: string, figures: string) => `${name} ${figures}\n`;
  const QUIET = "avg10=0.00 avg60=0.00 avg300=0.00 total=0";

  it("goes up to 100 %", () => {
    const text = line("some", "avg10=100.00 avg60=100.00 avg300=100.00 total=9") +
      line("full", "avg10=10.50 avg60=20.50 avg300=30.50 total=0");
    assert.deepEqual(parsePressure(text), {
      some: { avg10: 100, avg60: 100, avg300: 100, total: 9 },
      full: { avg10: 10.5, avg60: 20.5, avg300: 30.5, total: 0 },
    });
  });

  it("is malformed where a figure is above 100 %", () => {
    for (const name of ["avg10", "avg60", "avg300"]) {
      const figures = QUIET.replace(`${name}=0.00`, `${name}=100.01`);
      assert.equal(parsePressure(line("some", figures) + line("full", QUIET)), undefined, name);
    }
  });

  it("is malformed where a line has more at its beginning or end", () => {
    assert.equal(parsePressure(line("awesome", QUIET) + line("full", QUIET)), undefined);
    assert.equal(parsePressure(line("some", `${QUIET}x`) + line("full", QUIET)), undefined);
  });
});

describe("/proc/self/cgroup", () => {
  it("has a second colon on each line", () => {
    assert.deepEqual(parseSelfCgroup("/:memory\n12:/a\n"), []);
  });
});

describe("/proc/self/mountinfo", () => {
  it("hides a cgroup mount that another file system was mounted over", () => {
    const line = (type: string) => `1 2 0:3 / /m rw - ${type} src rw`;
    assert.deepEqual(parseMountinfo(`${line("cgroup2")}\n${line("tmpfs")}`), []);
    assert.equal(parseMountinfo(`${line("tmpfs")}\n${line("cgroup2")}`).length, 1);
  });

  it("gives paths with spaces and backslashes", () => {
    const [mount] = parseMountinfo("1 2 0:3 /a\\134b /m\\040n\\011o rw - cgroup src rw,memory");
    assert.deepEqual(mount, {
      version: 1,
      root: "/a\\b",
      mountPoint: "/m n\to",
      superOptions: ["rw", "memory"],
    });
  });
});
