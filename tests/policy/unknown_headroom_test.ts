import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemInfo } from "../../mod.ts";
import { adaptiveInterval, levels, linearBudget, trend } from "../../policy.ts";

const left = (headroom: number | undefined) => new MemInfo({ at: 0, systemAvailable: headroom });

/** A snapshot of another maker, whose headroom is not a number. */
class Broken extends MemInfo {
  override headroom(): number {
    return NaN;
  }
}

describe("a headroom of NaN", () => {
  it("is taken as unknown by every policy", () => {
    const broken = new Broken({ at: 0 });
    assert.equal(adaptiveInterval({ min: 70 })(broken), 70);
    assert.equal(linearBudget({ costPerWorker: 1 })(broken), 1);
    const level = levels({ low: { enter: 5, exit: 9 } });
    assert.deepEqual([broken, left(1), broken].map(level), ["normal", "low", "low"]);
    const follow = trend();
    for (const headroom of [900, 800, 700]) {
      follow(new MemInfo({ at: 1_000 - headroom, systemAvailable: headroom }));
    }
    assert.equal(follow(new Broken({ at: 350 })), undefined);
    assert.equal(follow(new MemInfo({ at: 400, systemAvailable: 600 }))?.bytesPerSecond, 1_000);
  });

  it("does not come from a snapshot that was made with one", () => {
    assert.equal(adaptiveInterval({ min: 70 })(left(NaN)), 70);
    assert.equal(linearBudget({ costPerWorker: 1 })(left(NaN)), 1);
  });
});
