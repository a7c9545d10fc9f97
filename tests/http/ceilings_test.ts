import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ShedOptions } from "../../http.ts";
import { MemInfo, type MemInfoInit, MiB } from "../../mod.ts";
import { Ceilings } from "../../src/http/ceilings.ts";
import { readShedOptions } from "../../src/http/settings.ts";

/** Ceilings that have seen these figures, if any. */
function ceilings(init?: MemInfoInit, options: ShedOptions = {}): Ceilings {
  const made = new Ceilings(readShedOptions(options).ceilings);
  if (init !== undefined) made.follow(new MemInfo(init));
  return made;
}

/** 300 of 500 MiB are used; this process holds 200 of them, and 90 of the 100 of its heap. */
const FIGURES: MemInfoInit = {
  cgroupLimit: 500 * MiB,
  cgroupCurrent: 300 * MiB,
  processRss: 200 * MiB,
  heapUsed: 90 * MiB,
  heapLimit: 100 * MiB,
};

describe("what is short", () => {
  it("is the usage of the container, of which the process holds its resident set at most", () => {
    const whole = { left: 200 * MiB, whole: 500 * MiB };
    for (const reason of ["headroom", "inFlight", "priority"] as const) {
      assert.deepEqual(ceilings({ ...FIGURES, heapLimit: 900 * MiB }).shortage(reason), {
        used: 300 * MiB,
        own: 200 * MiB,
        ...whole,
      });
    }
    const large = { ...FIGURES, heapLimit: undefined, processRss: 400 * MiB };
    assert.equal(ceilings(large).shortage("headroom").own, 300 * MiB);
    const unknown = { ...FIGURES, heapLimit: undefined, processRss: undefined };
    assert.equal(ceilings(unknown).shortage("headroom").own, 300 * MiB);
  });

  it("is the resident set where that is above its maximum", () => {
    assert.deepEqual(ceilings({ ...FIGURES, heapLimit: undefined }).shortage("rss"), {
      used: 200 * MiB,
      own: 200 * MiB,
      left: 200 * MiB,
      whole: 500 * MiB,
    });
    const { used, own, left } = ceilings({}).shortage("rss");
    assert.deepEqual([used, own, left], [0, 0, undefined]);
  });

  it("is the heap where that is above its maximum", () => {
    assert.deepEqual(ceilings(FIGURES).shortage("heapUsed"), {
      used: 90 * MiB,
      own: 90 * MiB,
      left: 10 * MiB,
      whole: 500 * MiB,
    });
  });

  it("leaves the heap what its own limit and the container leave", () => {
    const left = (change: MemInfoInit) =>
      ceilings({ ...FIGURES, ...change }).shortage("heapUsed").left;
    assert.equal(left({ cgroupCurrent: 495 * MiB }), 5 * MiB);
    assert.equal(left({ cgroupLimit: undefined }), 10 * MiB);
    assert.equal(left({ heapLimit: undefined }), 200 * MiB);
    assert.equal(left({ heapLimit: undefined, cgroupLimit: undefined }), undefined);
  });

  it("is nothing before the first snapshot", () => {
    for (const reason of ["headroom", "rss", "heapUsed"] as const) {
      const expected = { used: 0, own: 0, left: undefined, whole: NaN };
      assert.deepEqual(ceilings().shortage(reason), expected, reason);
    }
  });
});

describe("headroom that is plenty", () => {
  const enough = (options: ShedOptions, init: MemInfoInit = FIGURES) =>
    ceilings(init, options).enough;

  it("is where every level is left", () => {
    assert.equal(enough({ headroom: "10%" }), 75 * MiB);
    const levels = { low: { enter: 90, exit: 100 }, critical: { enter: 20, exit: 30 } };
    assert.equal(enough({ levels }), 100);
  });

  it("is enough for one more request as well", () => {
    assert.equal(enough({ headroom: "10%", perRequest: 25 * MiB }), 75 * MiB);
    assert.equal(enough({ headroom: "10%", perRequest: 26 * MiB }), 76 * MiB);
  });

  it("follows the limit of the container", () => {
    const made = ceilings(FIGURES, { headroom: "10%" });
    made.follow(new MemInfo({ ...FIGURES, cgroupLimit: 1_000 * MiB }));
    assert.equal(made.enough, 150 * MiB);
  });

  it("is unknown while nobody knows what a share is of", () => {
    assert.equal(ceilings(undefined, { headroom: "10%" }).enough, Infinity);
    assert.equal(enough({ headroom: "10%" }, {}), Infinity);
    assert.equal(enough({ headroom: 64 * MiB }, {}), 96 * MiB);
  });
});

describe("a request that could be a trial", () => {
  const options = { headroom: 64 * MiB };
  const left = (mib: number): MemInfoInit => ({
    cgroupLimit: 500 * MiB,
    cgroupCurrent: (500 - mib) * MiB,
  });

  it("is at most as large as what is left, or as the threshold", () => {
    const largest = (mib: number) => {
      const made = ceilings(left(mib), options);
      return [63, 64, 65, 100, 101].filter((mib) => made.canHold(mib * MiB)).at(-1);
    };
    assert.equal(largest(100), 100);
    assert.equal(largest(1), 64);
    assert.equal(ceilings(left(100), options).canHold(100 * MiB + 1), false);
  });

  it("is of any size while nobody knows what is left", () => {
    assert.ok(ceilings(undefined, options).canHold(1e15));
    assert.ok(ceilings({}, options).canHold(1e15));
  });
});
