import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemInfo, MiB } from "../../mod.ts";
import { type Canvas, frame } from "../../src/cli/frame.ts";

const CANVAS: Canvas = { columns: 80, rows: 24, colors: false, interval: 500 };

/** The picture of snapshots of a cgroup with a limit of 100 bytes. */
const draw = (used: number[], canvas: Partial<Canvas> = {}, info = {}) =>
  frame(
    used.map((cgroupCurrent) => new MemInfo({ at: 0, cgroupLimit: 100, cgroupCurrent, ...info })),
    { ...CANVAS, ...canvas },
  );
/** A line whose escape characters can be read. */
const readable = (line: string) => line.replaceAll("\x1b", "ESC");
const bar = (lines: string[]) => lines.find((line) => line.startsWith("container"))!;

describe("a bar of the live view", () => {
  it("is green below three quarters, yellow from there, and red from nine tenths on", () => {
    const color = (used: number) =>
      /ESC\[(\d+)m/.exec(readable(bar(draw([used], { colors: true }))))?.[1];
    const colors = [10, 74, 75, 89, 90, 100].map(color);
    assert.deepEqual(colors, ["32", "32", "33", "33", "31", "31"]);
  });

  it("gives the terminal its own colour back", () => {
    const line = readable(bar(draw([50], { colors: true })));
    assert.match(line, /█ESC\[0m░/);
    assert.equal(line.replace(/ESC\[\d+m/g, ""), bar(draw([50])));
  });

  it("has no colour where nothing is filled", () => {
    assert.ok(!bar(draw([0], { colors: true })).includes("\x1b"));
  });

  it("is full at the limit and above it", () => {
    for (const used of [100, 150]) {
      assert.match(bar(draw([used])), /^container {2}█+ 100 % {2}\d+B of 100B$/);
    }
  });

  it("is empty where nothing is used", () => {
    assert.match(bar(draw([0])), /^container {2}░+ {3}0 % {2}0B of 100B$/);
  });

  it("shows the working set where it is known", () => {
    assert.match(bar(draw([90], {}, { cgroupWorkingSet: 20 })), / 20 % {2}20B of 100B$/);
  });

  it("is as wide as the terminal lets it, and left out where it would be too short", () => {
    const blocks = (columns: number) => bar(draw([50], { columns })).match(/[█░]/g)?.length ?? 0;
    assert.equal(blocks(80) - blocks(79), 1);
    assert.equal(blocks(51), 8);
    assert.equal(blocks(50), 0);
    assert.equal(bar(draw([50], { columns: 50 })), "container  50B of 100B  50 %");
  });

  it("needs both of its figures", () => {
    const partly = [
      { systemTotal: 10 },
      { systemAvailable: 10 },
      { heapUsed: 10 },
      { heapLimit: 10 },
      { cgroupLimit: 10 },
      { cgroupCurrent: 10 },
    ];
    for (const init of partly) {
      const lines = frame([new MemInfo({ at: 0, ...init })], CANVAS);
      assert.ok(!lines.some((line) => / (of|no limit)/.test(line)), lines.join("\n"));
    }
  });
});

describe("the head of the live view", () => {
  const head = (columns: number) => draw([50], { columns })[0]!;

  it("ends with the time and the key that quits, as long as they fit", () => {
    assert.match(head(80), /^memctl {2}every 500 ms {2,}00:00:00 {2}q quits$/);
    assert.equal(head(80).length, 80);
    const narrow = head(39);
    assert.equal(narrow, "memctl  every 500 ms  00:00:00  q quits");
    assert.equal(head(38), "memctl  every 500 ms");
  });

  it("is cut with an ellipsis where even the interval does not fit", () => {
    assert.equal(head(20), "memctl  every 500 ms");
    assert.equal(head(19), "memctl  every 500 …");
    assert.equal(head(1), "…");
  });
});

describe("the headroom of the live view", () => {
  it("is drawn from the left, one block for each snapshot, the newest to the right", () => {
    assert.equal(draw([100, 50, 0]).at(-1), "▁▄█");
  });

  it("is blank where it was unknown, or where there never was any", () => {
    const info = (cgroupCurrent?: number) =>
      new MemInfo({
        at: 0,
        ...(cgroupCurrent === undefined ? {} : { cgroupLimit: 100, cgroupCurrent }),
      });
    assert.equal(frame([info(0), info(), info(50)], CANVAS).at(-1), "█ ▄");
    assert.equal(draw([100, 100]).at(-1), "  ");
  });

  it("comes with the least and the most that was seen", () => {
    assert.match(draw([70, 20, 90]).at(-2)!, /least 10B, most 80B$/);
  });

  it("names the nearest ceiling, if one is known", () => {
    assert.ok(draw([50]).some((line) => line.endsWith("nearest: cgroup")));
    const lines = frame([new MemInfo({ at: 0, processRss: 5 * MiB })], CANVAS);
    assert.ok(lines.includes("rss=5.0MiB"), lines.join("\n"));
  });
});

describe("a low terminal", () => {
  it("gets every line without the empty ones, then the first lines only", () => {
    const whole = draw([50]);
    assert.deepEqual(draw([50], { rows: whole.length }), whole);
    const dense = whole.filter((line) => line !== "");
    assert.deepEqual(draw([50], { rows: whole.length - 1 }), dense);
    assert.deepEqual(draw([50], { rows: dense.length - 1 }), dense.slice(0, -1));
    assert.deepEqual(draw([50], { rows: 0 }), dense.slice(0, 1));
  });
});
