import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemInfo } from "../../src/mem_info.ts";
import { RecentSamples, SAMPLE_COLUMNS } from "../../src/watchdog/recent_samples.ts";

const sample = (recent: RecentSamples, at: number) =>
  recent.note({ used: at + 1, limit: 9 }, new MemInfo({ at, heapUsed: at + 2 }));

describe("recent samples", () => {
  it("are those of a minute, four a second, the oldest first", () => {
    const recent = new RecentSamples();
    for (let at = 0; at < 100_000; at += 50) sample(recent, at);
    const rows = recent.rows();
    assert.equal(rows.length, 240);
    assert.deepEqual(rows.at(-1), [99_750, 99_751, 9, 99_752, null]);
    rows.slice(1).forEach(([at], i) => assert.equal(at! - rows[i]![0]!, 250));
    assert.equal(rows[0]!.length, SAMPLE_COLUMNS.length);
  });

  it("go on after the clock was set back", () => {
    const recent = new RecentSamples();
    sample(recent, 1_000_000);
    sample(recent, 5);
    assert.deepEqual(recent.rows().map(([at]) => at), [1_000_000, 5]);
  });

  it("are none at first", () => {
    assert.deepEqual(new RecentSamples().rows(), []);
  });
});
