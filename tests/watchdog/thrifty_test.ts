// The working set, which costs most to read, is left out while it cannot matter.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { MiB } from "../../src/bytes.ts";
import type { Dog, DogParts } from "../../src/watchdog/dog.ts";
import { EvidenceWriter } from "../../src/watchdog/evidence.ts";
import { readEvidence } from "../../src/watchdog/evidence_options.ts";
import { SnapshotTaker } from "../../src/watchdog/snapshots.ts";
import { startDog } from "../support/dog_bench.ts";
import { withTempFolder } from "../support/temp.ts";
import { LIMIT, WatchdogBench } from "../support/watchdog_bench.ts";

let bench: WatchdogBench;
let dog: Dog;
/** For each snapshot, the headroom that was said to be enough; `undefined`: nothing was. */
let asked: (number | undefined)[];

beforeEach(() => {
  bench = new WatchdogBench();
  asked = [];
});

afterEach(() => dog.stop());

/** Starts a watchdog with a watermark of half the limit, and takes its first turn. */
async function start(
  { isForeign = false, isSlow = false, ...parts }: Partial<DogParts> & {
    isForeign?: boolean;
    isSlow?: boolean;
  } = {},
): Promise<void> {
  dog = startDog(bench, {
    ...parts,
    source: {
      sampler: bench.sampler,
      isForeign,
      sample: (enough) => {
        asked.push(enough);
        const info = bench.sampler.sample();
        return isSlow ? Promise.resolve(info) : info;
      },
      close() {},
    },
  });
  await bench.advance(10);
  asked = [];
}

const HALF = LIMIT / 2;

describe("a watchdog in a calm container", () => {
  it("asks for no more than tells whether usage is below the watermark", async () => {
    await start();
    await bench.advance(1_000);
    assert.ok(asked.length > 0);
    assert.deepEqual([...new Set(asked)], [HALF]);
  });

  it("asks for the exact usage where the limit has changed", async () => {
    await start();
    bench.limit = 40 * MiB;
    await bench.advance(1_000);
    assert.deepEqual(asked.slice(0, 2), [HALF, undefined]);
    assert.equal(dog.limit, 40 * MiB);
    assert.deepEqual([...new Set(asked.slice(2))], [20 * MiB]);
  });

  it("asks once for each poll where a snapshot takes time", async () => {
    await start({ isSlow: true });
    await bench.advance(1_000);
    assert.deepEqual([...new Set(asked)], [HALF]);
  });

  it("asks for the exact usage from the lowest threshold of evidence and snapshots on", () =>
    withTempFolder(async (directory) => {
      const evidence = new EvidenceWriter({
        settings: readEvidence({ directory, at: "40%", profileFrom: "25%" })!,
        scope: "cgroup",
        now: () => bench.clock.now(),
        logger: {},
        sampleAll: () => undefined,
        counters: () => undefined,
        snapshots: undefined,
        fail: ({ reason }) => assert.fail(String(reason)),
      });
      await start({ evidence });
      await bench.advance(1_000);
      assert.deepEqual([...new Set(asked)], [0.75 * LIMIT]);
      dog.stop();
      await start({ snapshots: new SnapshotTaker({ directory, at: 0.125, max: 1 }, {}) });
      await bench.advance(1_000);
      assert.deepEqual([...new Set(asked)], [0.875 * LIMIT]);
    }));

  it("asks a sampler of the caller's for all that it gives", async () => {
    await start({ isForeign: true });
    await bench.advance(1_000);
    assert.deepEqual([...new Set(asked)], [undefined]);
  });
});

describe("a watchdog that has just collected", () => {
  it("asks for the exact usage, and for less again when it is calm", async () => {
    await start();
    bench.garbage = 40 * MiB;
    await bench.advance(1_000);
    assert.equal(bench.collections, 1);
    const after = asked.slice(asked.indexOf(undefined) + 1);
    assert.ok(after.length > 1);
    assert.deepEqual([...new Set(after)], [undefined]);
    await bench.advance(120_000, 100);
    assert.equal(asked.at(-1), HALF);
  });
});
