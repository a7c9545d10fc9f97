import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { GiB, KiB, MiB } from "../src/bytes.ts";
import { MemInfo, type MemInfoInit } from "../src/mem_info.ts";

describe("KiB, MiB and GiB", () => {
  it("are bytes, above 32 bits too", () => {
    assert.deepEqual([KiB, MiB, GiB], [1024, 1_048_576, 1_073_741_824]);
    assert.equal(4 * GiB, 4_294_967_296);
  });
});

describe("MemInfo.headroom()", () => {
  const rows: [string, MemInfoInit, number | undefined][] = [
    ["limit - usage where there is a limit", {
      cgroupLimit: 100,
      cgroupCurrent: 30,
      systemAvailable: 9,
    }, 70],
    ["0 at the limit", { cgroupLimit: 100, cgroupCurrent: 100 }, 0],
    ["0 over the limit", { cgroupLimit: 100, cgroupCurrent: 120, systemAvailable: 9 }, 0],
    ["by the working set where it was asked for", {
      cgroupLimit: 100,
      cgroupCurrent: 90,
      cgroupWorkingSet: 40,
    }, 60],
    ["a limit of 0 is a limit", { cgroupLimit: 0, cgroupCurrent: 0, systemAvailable: 9 }, 0],
    ["system memory without a limit", {
      cgroupLimit: Infinity,
      cgroupCurrent: 5,
      systemAvailable: 9,
    }, 9],
    ["system memory where the limit is unknown", { cgroupCurrent: 5, systemAvailable: 9 }, 9],
    ["0 bytes of system memory are 0, not unknown", { systemAvailable: 0 }, 0],
    ["at most the limit where the usage is unknown", {
      cgroupLimit: 100,
      systemAvailable: 900,
    }, 100],
    ["at most the limit less the resident set where the usage is unknown", {
      cgroupLimit: 100,
      processRss: 40,
      systemAvailable: 500,
    }, 60],
    ["0 where the usage is unknown and the resident set is above the limit", {
      cgroupLimit: 100,
      processRss: 140,
      systemAvailable: 500,
    }, 0],
    ["undefined where the usage and the system are unknown", { cgroupLimit: 100 }, undefined],
    ["undefined where nothing is known", {}, undefined],
  ];
  for (const [title, init, expected] of rows) {
    it(`is ${title}`, () => assert.equal(new MemInfo(init).headroom(), expected));
  }
});

describe("MemInfo.tightest()", () => {
  const rows: [string, MemInfoInit, ReturnType<MemInfo["tightest"]>][] = [
    ["the cgroup", {
      cgroupLimit: 100,
      cgroupCurrent: 95,
      systemAvailable: 6,
      heapLimit: 50,
      heapUsed: 10,
    }, { signal: "cgroup", bytes: 5 }],
    ["the system", { cgroupLimit: 100, cgroupCurrent: 50, systemAvailable: 6 }, {
      signal: "system",
      bytes: 6,
    }],
    ["the heap", { systemAvailable: 60, heapLimit: 50, heapUsed: 49 }, {
      signal: "heap",
      bytes: 1,
    }],
    ["the heap beyond its limit, as 0", { systemAvailable: 60, heapLimit: 50, heapUsed: 51 }, {
      signal: "heap",
      bytes: 0,
    }],
    ["the first named of equals", { cgroupLimit: 9, cgroupCurrent: 3, systemAvailable: 6 }, {
      signal: "cgroup",
      bytes: 6,
    }],
    ["not the cgroup without a limit", { cgroupLimit: Infinity, cgroupCurrent: 3 }, undefined],
    ["undefined where nothing is known", { heapUsed: 3, cgroupCurrent: 1 }, undefined],
  ];
  for (const [title, init, expected] of rows) {
    it(`is ${title}`, () => assert.deepEqual(new MemInfo(init).tightest(), expected));
  }
});

describe("MemInfo as text and data", () => {
  const full: MemInfoInit = {
    at: 1,
    systemAvailable: 2,
    systemTotal: 3,
    processRss: 4,
    runtimeTotal: 5,
    heapUsed: 6,
    heapLimit: 7,
    cgroupCurrent: 8,
    cgroupLimit: 9,
    cgroupWorkingSet: 7,
  };

  it("toString() is compact and leaves out what is unavailable", () => {
    const info = new MemInfo({
      cgroupLimit: 300 * MiB,
      cgroupCurrent: 88 * MiB,
      processRss: 61.3 * MiB,
      runtimeTotal: 9.1 * MiB,
    });
    assert.equal(info.toString(), "headroom=212.0MiB rss=61.3MiB runtime=9.1MiB");
    assert.equal(`${new MemInfo({ processRss: 3 * GiB })}`, "rss=3.0GiB");
    assert.equal(
      `${new MemInfo({ processRss: 2048, systemAvailable: 7 })}`,
      "headroom=7B rss=2.0KiB",
    );
    assert.equal(`${new MemInfo({})}`, "");
  });

  it("toJSON() is plain data with every signal and the headroom", () => {
    assert.deepEqual(JSON.parse(JSON.stringify(new MemInfo(full))), { ...full, headroom: 2 });
  });

  it("toJSON() tells no limit from an unavailable one", () => {
    const json = (init: MemInfoInit) => JSON.parse(JSON.stringify(new MemInfo({ at: 0, ...init })));
    assert.deepEqual(json({ cgroupLimit: Infinity }), {
      at: 0,
      cgroupLimit: null,
      cgroupUnlimited: true,
    });
    assert.deepEqual(json({}), { at: 0 });
  });

  it("shows its fields when it is inspected", () => {
    const shown = inspect(new MemInfo({ at: 0, processRss: 77, cgroupLimit: Infinity }));
    assert.match(shown, /processRss: 77/);
    assert.match(shown, /cgroupLimit: Infinity/);
  });

  it("cannot be changed", () => {
    const info = new MemInfo(full);
    for (const name of Object.keys(full)) {
      assert.throws(
        () => {
          (info as unknown as Record<string, number>)[name] = 99;
        },
        TypeError,
        name,
      );
    }
    assert.equal(info.processRss, 4);
  });

  it("is taken now unless told otherwise", () => {
    const before = Date.now();
    const { at } = new MemInfo();
    assert.ok(at >= before && at <= Date.now());
  });
});
