import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { MemInfo, MiB } from "../../mod.ts";
import { findRequestGc } from "../../src/host/gc.ts";
import { EarlyGc } from "../../src/watchdog/early_gc.ts";
import { outputOf, startProgram } from "../support/own_runtime.ts";

const LIMIT = 300 * MiB;

let requests: number;
let answer: boolean;
let early: EarlyGc;

beforeEach(() => {
  requests = 0;
  answer = true;
  early = new EarlyGc(() => {
    requests++;
    return answer;
  });
});

const infoOf = (heap: number, total = 0) =>
  new MemInfo({ heapUsed: heap * MiB, runtimeTotal: total * MiB });

/** Looks at a moment as the watchdog does; sizes are MiB. */
function look(now: number, used: number, heap: number, total = 0): void {
  const info = infoOf(heap, total);
  early.observe(info);
  const reading = { used: used * MiB, limit: LIMIT };
  if (early.covers(now, reading) && early.isDue(now, reading, info)) early.request(now, info);
}

describe("asking the engine to collect", () => {
  it("waits until the heap has grown by half of what is left below the limit", () => {
    look(0, 180, 40);
    look(1_000, 180, 99);
    assert.equal(requests, 0);
    look(2_000, 180, 100);
    assert.equal(requests, 1);
  });

  it("counts buffers, which are not part of the heap", () => {
    look(0, 180, 10, 40);
    look(1_000, 180, 10, 99);
    assert.equal(requests, 0);
    look(2_000, 180, 10, 100);
    assert.equal(requests, 1);
  });

  it("ignores usage that is not this isolate's", () => {
    look(0, 100, 40, 50);
    look(1_000, 280, 40, 50);
    assert.equal(requests, 0);
  });

  it("measures growth from the least since the last request", () => {
    look(0, 180, 40);
    look(1_000, 180, 100);
    look(2_000, 180, 60);
    look(3_000, 180, 119);
    assert.equal(requests, 1);
    look(4_000, 180, 120);
    assert.equal(requests, 2);
  });

  it("asks at most every 50 ms, and every 0.5 ms for each MiB that is live", () => {
    for (const [live, wait] of [[20, 50], [100, 50], [150, 75]] as const) {
      const heap = live + 30;
      early = new EarlyGc(() => ++requests > 0);
      look(0, 250, live);
      look(1_000, 250, heap);
      look(1_001, 250, live);
      requests = 0;
      look(1_010 + wait, 250, heap);
      assert.equal(requests, 1, "this one sets the wait");
      look(1_011 + wait, 250, live);
      look(1_009 + 2 * wait, 250, heap);
      assert.equal(requests, 1, `${live} MiB`);
      look(1_010 + 2 * wait, 250, heap);
      assert.equal(requests, 2, `${live} MiB`);
    }
  });

  it("doubles the wait, up to two seconds, while collections free next to nothing", () => {
    const at: number[] = [];
    let heap = 100;
    look(0, 250, 50);
    for (let now = 0; now < 20_000; now++) {
      const before = requests;
      look(now, 299 * 0.9, heap);
      if (requests > before) {
        at.push(now);
        early.forced();
        heap += 20;
      }
    }
    const waits = at.slice(1).map((now, i) => now - at[i]!);
    assert.deepEqual(waits.slice(0, 8), [50, 100, 200, 400, 800, 1_600, 2_000, 2_000]);
  });

  it("leaves it to force a collection after two that freed next to nothing", () => {
    const covers = () => early.covers(1e9, { used: 180 * MiB, limit: LIMIT });
    const seen = [];
    look(0, 180, 40);
    for (const heap of [100, 160, 220]) {
      look(heap * 100, 180, heap);
      seen.push([requests, covers()]);
    }
    assert.deepEqual(seen, [[1, true], [2, true], [3, false]]);
    early.forced();
    assert.equal(covers(), true);
  });

  for (const [name, at] of [["heap", 0], ["memory of buffers", 1]] as const) {
    it(`takes a request for one with effect if the ${name} fell by more than 5 %`, () => {
      /** Whether it still asks after three requests, if the first one left `least` of 100 MiB. */
      const asksOn = (least: number) => {
        early = new EarlyGc(() => ++requests > 0);
        requests = 0;
        const show = (now: number, size: number) =>
          at === 0 ? look(now, 180, size) : look(now, 180, 10, size);
        for (const [i, size] of [40, 100, least, least + 60, least + 120].entries()) {
          show(i * 1_000, size);
        }
        assert.equal(requests, 3);
        return early.covers(4_000, { used: 180 * MiB, limit: LIMIT });
      };
      assert.deepEqual([100, 95, 94, 40].map(asksOn), [false, false, true, true]);
    });
  }

  it("leaves it to force a collection from 95 % of the limit on", () => {
    look(0, 180, 40);
    look(1_000, 180, 100);
    assert.equal(early.covers(1_000, { used: 284 * MiB, limit: LIMIT }), true);
    assert.equal(early.covers(1_000, { used: 285 * MiB, limit: LIMIT }), false);
  });

  it("leaves it to force a collection from 90 % on if there was no request for 500 ms", () => {
    const covers = (now: number, used: number) =>
      early.covers(now, { used: used * MiB, limit: LIMIT });
    assert.deepEqual([covers(0, 269), covers(0, 270)], [true, false], "none yet");
    look(0, 180, 40);
    look(1_000, 180, 100);
    assert.deepEqual([covers(1_499, 270), covers(1_500, 270)], [true, false]);
    assert.equal(covers(1_500, 269), true);
  });

  it("leaves it to force a collection once the engine cannot be asked", () => {
    answer = false;
    look(0, 180, 40);
    look(1_000, 180, 100);
    assert.equal(requests, 1);
    assert.equal(early.covers(0, { used: 0, limit: LIMIT }), false);
  });
});

const isDeno = "Deno" in globalThis;

describe("V8 in Deno", { skip: !isDeno && "only Deno's engine is asked" }, () => {
  it("collects after it was asked, and shows no memory of the request", async () => {
    // In a process of its own, because other tests allocate too.
    const output = await outputOf(startProgram("asked_to_collect"));
    const { asked, external, before, used } = JSON.parse(output);
    assert.equal(asked, true);
    assert.ok(external < MiB, `${external} bytes of the request are left`);
    assert.ok(used <= before * 0.7, `${used} of ${before} bytes are in use`);
  });
});

describe("Bun and Node", { skip: isDeno && "Deno's engine can be asked" }, () => {
  it("are not asked", () => assert.equal(findRequestGc(), undefined));
});
