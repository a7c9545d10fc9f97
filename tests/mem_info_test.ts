import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { GiB, KiB, MiB } from "../src/bytes.ts";
import {
  MemInfo,
  type MemInfoInit,
  type MemoryPressure,
  SIGNAL_NAMES,
  SIZE_NAMES,
} from "../src/mem_info.ts";

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

/** Figures that a caller may change. */
const pressure = () => ({
  some: { avg10: 1, avg60: 2, avg300: 3, total: 4 },
  full: { avg10: 5, avg60: 6, avg300: 7, total: 8 },
});

const FULL: MemInfoInit = {
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
  pressure: pressure(),
};

/** Each field, and what is derived from them. */
function everything(info: MemInfo): unknown {
  const fields = SIGNAL_NAMES.map((name) => [name, info[name]]);
  return [info.at, fields, info.headroom(), info.tightest(), `${info}`];
}

describe("new MemInfo()", () => {
  it("takes a value that is no size as unavailable, so that a sampler never throws for one", () => {
    for (const value of [null, NaN, -1, Infinity, "5", {}] as unknown as number[]) {
      for (const name of SIZE_NAMES) {
        const { [name]: kept } = new MemInfo({ [name]: value });
        const unlimited = name === "cgroupLimit" && value === Infinity;
        assert.equal(kept, unlimited ? Infinity : undefined, `${name}: ${value}`);
      }
    }
    assert.equal(new MemInfo({ pressure: null as unknown as undefined }).pressure, undefined);
    assert.equal(new MemInfo({ systemAvailable: NaN }).headroom(), undefined);
  });

  it("does not take JSON's null for a limit of 0", () => {
    const json = JSON.parse(
      JSON.stringify(new MemInfo({ cgroupLimit: Infinity, cgroupCurrent: 5, systemAvailable: 9 })),
    );
    const info = new MemInfo(json);
    assert.deepEqual([info.cgroupLimit, info.headroom()], [Infinity, 9]);
    assert.equal(new MemInfo({ ...json, cgroupUnlimited: undefined }).cgroupLimit, undefined);
  });

  it("copies and freezes pressure that the caller could change", () => {
    const mine = pressure();
    const info = new MemInfo({ pressure: mine });
    mine.some.avg10 = 99;
    mine.full = mine.some;
    assert.deepEqual(info.pressure, pressure());
    for (const part of [info.pressure!, info.pressure!.some, info.pressure!.full]) {
      assert.ok(Object.isFrozen(part));
    }
  });

  it("copies pressure of which only the outermost object is frozen", () => {
    const mine = Object.freeze(pressure());
    const info = new MemInfo({ pressure: mine });
    mine.full.avg10 = 99;
    assert.deepEqual(info.pressure, pressure());
  });

  it("does not copy pressure that is frozen already", () => {
    const { some, full } = pressure();
    const frozen = Object.freeze({ some: Object.freeze(some), full: Object.freeze(full) });
    assert.equal(new MemInfo({ pressure: frozen }).pressure, frozen);
  });
});

describe("MemInfo.from()", () => {
  const rows: [string, MemInfoInit][] = [
    ["with every signal", FULL],
    ["without limit", { ...FULL, cgroupLimit: Infinity }],
    ["with an unknown limit", { ...FULL, cgroupLimit: undefined }],
    ["with zeros", { at: 0, systemAvailable: 0, cgroupLimit: 0, cgroupCurrent: 0 }],
    ["with nothing", { at: 1 }],
  ];
  for (const [title, init] of rows) {
    it(`restores a snapshot ${title} from its JSON, parsed or not`, () => {
      const info = new MemInfo(init);
      assert.deepEqual(
        everything(MemInfo.from(JSON.parse(JSON.stringify(info)))),
        everything(info),
      );
      assert.deepEqual(everything(MemInfo.from(info.toJSON())), everything(info));
      assert.deepEqual(everything(MemInfo.from(init)), everything(info));
    });
  }

  it("returns a snapshot as it is", () => {
    const info = new MemInfo(FULL);
    assert.equal(MemInfo.from(info), info);
  });

  it("takes null without cgroupUnlimited as unavailable, and now for a missing time", () => {
    const before = Date.now();
    const info = MemInfo.from(
      { at: null, cgroupLimit: null, processRss: null, headroom: 5 } as never,
    );
    assert.deepEqual([info.cgroupLimit, info.processRss, info.headroom()], [
      undefined,
      undefined,
      undefined,
    ]);
    assert.ok(info.at >= before);
  });

  const bad: [unknown, "TypeError" | "RangeError", RegExp][] = [
    [undefined, "TypeError", /'source' must be an object: current value is undefined/],
    ["{}", "TypeError", /'source' must be an object: current value is "{}"/],
    [
      { processRss: "5" },
      "TypeError",
      /'processRss' must be a number of bytes: current value is "5"/,
    ],
    [{ cgroupLimit: {} }, "TypeError", /'cgroupLimit' must be a number of bytes.*an object/],
    [{ at: "now" }, "TypeError", /'at' must be a number of milliseconds: current value is "now"/],
    [{ at: NaN }, "RangeError", /'at' must be finite: current value is NaN/],
    [{ heapUsed: -1 }, "RangeError", /'heapUsed' must be at least 0 and finite.* -1/],
    [{ systemTotal: NaN }, "RangeError", /'systemTotal' must be at least 0 and finite.* NaN/],
    [{ systemAvailable: Infinity }, "RangeError", /'systemAvailable' must be .*Infinity/],
    [{ cgroupLimit: NaN }, "RangeError", /'cgroupLimit' must be at least 0: current value is NaN/],
    [{ pressure: 5 }, "TypeError", /'pressure' must be an object: current value is 5/],
    [{ pressure: { some: null } }, "TypeError", /'pressure\.some' must be an object.* null/],
    [
      { pressure: { ...pressure(), full: { avg10: 1 } } },
      "TypeError",
      /'pressure\.full\.avg60' must be a number: current value is undefined/,
    ],
    [
      { pressure: { ...pressure(), full: { ...pressure().full, total: -5 } } },
      "RangeError",
      /'pressure\.full\.total' must be at least 0 and finite: current value is -5/,
    ],
  ];
  for (const [source, name, message] of bad) {
    it(`refuses ${inspect(source, { breakLength: Infinity })}`, () => {
      assert.throws(() => MemInfo.from(source as MemInfoInit), { name, message });
      if (typeof source === "object") {
        assert.throws(() => new MemInfo().with(source as MemInfoInit), { name, message });
      }
    });
  }
});

describe("MemInfo.with()", () => {
  it("copies every signal that is not changed", () => {
    const info = new MemInfo(FULL);
    assert.deepEqual(everything(info.with({})), everything(info));
    assert.notEqual(info.with({}), info);
    const unlimited = new MemInfo({ ...FULL, cgroupLimit: Infinity });
    assert.deepEqual(everything(unlimited.with({})), everything(unlimited));
  });

  const changes: MemInfoInit = {
    at: 21,
    systemAvailable: 22,
    systemTotal: 23,
    processRss: 24,
    runtimeTotal: 25,
    heapUsed: 26,
    heapLimit: 27,
    cgroupCurrent: 28,
    cgroupLimit: 29,
    cgroupWorkingSet: 30,
    pressure: { ...pressure(), full: pressure().some } as MemoryPressure,
  };
  for (const name of Object.keys(changes) as (keyof MemInfoInit)[]) {
    it(`changes ${name}, and nothing else`, () => {
      const info = new MemInfo(FULL);
      const changed = info.with({ [name]: changes[name] });
      const expected = new MemInfo({ ...FULL, [name]: changes[name] });
      assert.deepEqual(everything(changed), everything(expected));
      assert.deepEqual(everything(info), everything(new MemInfo(FULL)), "the first stays");
    });
  }

  it("makes a signal unavailable by undefined, but keeps the time", () => {
    for (const name of SIGNAL_NAMES) {
      assert.equal(new MemInfo(FULL).with({ [name]: undefined })[name], undefined, name);
    }
    assert.equal(new MemInfo(FULL).with({ at: undefined }).at, 1);
  });

  it("rejects a source that is not an object", () => {
    assert.throws(() => new MemInfo().with(null as never), {
      name: "TypeError",
      message: /'changes' must be an object: current value is null/,
    });
  });
});
