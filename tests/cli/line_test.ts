import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemInfo, MiB } from "../../mod.ts";
import { line } from "../../src/cli/line.ts";

const at = Date.UTC(2026, 0, 2, 3, 4, 5, 6);

describe("a snapshot as a line", () => {
  it("has the time, the figures, and the nearest ceiling", () => {
    const info = new MemInfo({ at, cgroupLimit: 9 * MiB, cgroupCurrent: MiB, processRss: 2 * MiB });
    assert.equal(
      line(info),
      "2026-01-02T03:04:05.006Z headroom=8.0MiB rss=2.0MiB nearest=cgroup",
    );
  });

  it("names no ceiling where none is known", () => {
    const info = new MemInfo({ at, processRss: 2 * MiB });
    assert.equal(line(info), "2026-01-02T03:04:05.006Z rss=2.0MiB");
  });
});
