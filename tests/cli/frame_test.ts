import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemInfo, MiB } from "../../mod.ts";
import { type Canvas, frame } from "../../src/cli/frame.ts";

const INFO = {
  at: Date.UTC(2026, 0, 2, 3, 4, 5),
  systemTotal: 1000 * MiB,
  systemAvailable: 800 * MiB,
  processRss: 60 * MiB,
  runtimeTotal: 9 * MiB,
  heapUsed: 50 * MiB,
  heapLimit: 100 * MiB,
  cgroupLimit: 400 * MiB,
};
const history = [100, 200, 300, 380].map((used) =>
  new MemInfo({ ...INFO, cgroupCurrent: used * MiB })
);
const CANVAS: Canvas = { columns: 72, rows: 24, colors: false, interval: 500 };

describe("a frame of the live view", () => {
  it("has bars, figures, and headroom over time", () => {
    assert.deepEqual(frame(history, CANVAS), [
      `memctl  every 500 ms${" ".repeat(35)}03:04:05  q quits`,
      "",
      "container  ████████████████████████████░  95 %  380.0MiB of 400.0MiB",
      "host       ██████░░░░░░░░░░░░░░░░░░░░░░░  20 %  200.0MiB of 1000.0MiB",
      "heap       ███████████████░░░░░░░░░░░░░░  50 %  50.0MiB of 100.0MiB",
      "",
      "headroom=20.0MiB rss=60.0MiB runtime=9.0MiB  nearest: cgroup",
      "",
      "headroom  least 20.0MiB, most 300.0MiB",
      "█▅▃▁",
    ]);
  });

  it("never is wider or higher than the terminal", () => {
    for (const columns of [1, 10, 30, 50, 80, 200]) {
      for (const rows of [1, 3, 8, 24]) {
        const lines = frame(history, { ...CANVAS, columns, rows });
        assert.ok(lines.length <= rows, `${lines.length} lines in ${rows}`);
        for (const line of lines) assert.ok(line.length <= columns, `${columns}: ${line}`);
      }
    }
  });

  it("shows the newest of a long history", () => {
    const long = Array.from(
      { length: 100 },
      (_, i) => new MemInfo({ cgroupLimit: 100, cgroupCurrent: i < 95 ? 100 : 0 }),
    );
    const [spark] = frame(long, { ...CANVAS, columns: 10 }).slice(-1);
    assert.equal(spark, "▁▁▁▁▁█████");
  });

  it("leaves out what is unavailable, and says that there is no limit", () => {
    const none = frame([new MemInfo({ at: INFO.at })], CANVAS);
    assert.ok(!none.some((line) => /container|host|heap /.test(line)));
    assert.equal(none.at(-1), "headroom is unknown");
    const unlimited = new MemInfo({ cgroupLimit: Infinity, cgroupCurrent: MiB });
    assert.ok(frame([unlimited], CANVAS).includes("container  1.0MiB, no limit"));
  });

  it("colours bars by how full they are, if colours are wanted", () => {
    const bars = frame(history, { ...CANVAS, colors: true }).slice(2, 5);
    assert.deepEqual(bars.map((line) => line.split("\x1b[")[1]!.slice(0, 2)), ["31", "32", "32"]);
  });
});
