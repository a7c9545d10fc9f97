import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GiB, MemInfo, MiB } from "../../mod.ts";
import { adaptiveInterval, linearBudget } from "../../policy.ts";

const left = (headroom: number | undefined) => new MemInfo({ at: 0, systemAvailable: headroom });

describe("the bounds of adaptiveInterval()", () => {
  it("are 100 and 5,000 ms at 1 GiB/s by default", () => {
    const interval = adaptiveInterval();
    assert.equal(interval(left(64 * MiB)), 100);
    assert.equal(interval(left(2 * GiB)), 2_000);
    assert.equal(interval(left(64 * GiB)), 5_000);
  });

  it("may be equal: then the interval is fixed", () => {
    const interval = adaptiveInterval({ min: 500, max: 500 });
    for (const headroom of [0, GiB, 64 * GiB]) assert.equal(interval(left(headroom)), 500);
  });

  it("give the shortest interval before the first snapshot and without headroom", () => {
    const interval = adaptiveInterval({ min: 20 });
    for (const info of [undefined, left(undefined), left(0)]) assert.equal(interval(info), 20);
  });
});

describe("the bounds of linearBudget()", () => {
  it("let workers share half the headroom by default, none of it left out", () => {
    const workers = linearBudget({ costPerWorker: MiB, cores: 1_000 });
    assert.equal(workers(left(20 * MiB)), 10);
    assert.equal(workers(left(20 * MiB - 2)), 9);
  });

  it("let the first worker run, whatever is left", () => {
    for (const headroom of [0, 1, MiB]) {
      const workers = linearBudget({ costPerWorker: GiB, cores: 8, overhead: 2 });
      assert.equal(workers(left(headroom)), 1);
    }
    assert.equal(linearBudget({ costPerWorker: 1, cores: 1, ratio: 0.1 })(left(GiB)), 1);
  });

  it("are whole workers where the ratio is not", () => {
    assert.equal(linearBudget({ costPerWorker: 1, cores: 3, ratio: 0.9 })(left(GiB)), 2);
  });

  it("are one worker per core, and no maximum, by default", () => {
    assert.equal(linearBudget({ costPerWorker: 1, cores: 100 })(left(GiB)), 100);
    const { hardwareConcurrency } = globalThis.navigator;
    assert.equal(linearBudget({ costPerWorker: 1 })(left(GiB)), hardwareConcurrency);
  });

  const largest = Number.MAX_SAFE_INTEGER;
  it("may be as large as a safe integer, and a maximum may be infinite", () => {
    const workers = linearBudget({
      costPerWorker: largest,
      fraction: 1,
      overhead: largest,
      cores: largest,
      ratio: largest,
      max: Infinity,
    });
    assert.equal(workers(left(GiB)), 1);
  });
});
