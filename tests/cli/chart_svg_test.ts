import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GiB, KiB, MiB } from "../../mod.ts";
import { chartSvg } from "../../src/cli/chart_svg.ts";
import type { Recorded } from "../../src/cli/recording.ts";

const START = Date.UTC(2026, 0, 2, 3, 4, 5);
const SIZE = { width: 900, height: 420 };

/** A recording: seconds, then the figures. */
const recorded = (...points: [number, Partial<Recorded>][]): Recorded[] =>
  points.map(([second, figures]) => ({
    headroom: undefined,
    processRss: undefined,
    cgroupCurrent: undefined,
    cgroupLimit: undefined,
    ...figures,
    at: START + second * 1_000,
  }));

/** A chart as its reader sees it. */
function read(points: Recorded[], size = SIZE) {
  const svg = chartSvg(points, size);
  const elements = [...svg.matchAll(/<([a-z]+)((?: [\w-]+="[^"]*")*) ?\/?>([^<]*)/g)].map(
    ([, tag, attributes, text]) => ({
      tag,
      text: text!,
      is: Object.fromEntries(
        [...attributes!.matchAll(/ ([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!]),
      ),
    }),
  );
  const lines = elements.filter(({ tag }) => tag === "line").map(({ is }) => ({
    from: { x: Number(is.x1), y: Number(is.y1) },
    to: { x: Number(is.x2), y: Number(is.y2) },
    color: is.stroke,
    dash: is["stroke-dasharray"],
  }));
  const texts = elements.filter(({ tag }) => tag === "text")
    .map(({ is, text }) => ({ x: Number(is.x), y: Number(is.y), anchor: is["text-anchor"], text }));
  const curves = elements.filter(({ tag }) => tag === "polyline").map(({ is }) => ({
    color: is.stroke,
    dash: is["stroke-dasharray"],
    points: is.points!.split(" ").map((point) => point.split(",").map(Number) as [number, number]),
  }));
  // Grid lines go across, ticks go down from the axis.
  const grid = lines.filter(({ from, to }) => from.y === to.y && to.x - from.x > size.width / 2)
    .sort((a, b) => b.from.y - a.from.y);
  const ticks = lines.filter(({ from, to }) => from.x === to.x).sort((a, b) => a.from.x - b.from.x);
  const bytes = texts.filter(({ text }) => /\d(B|KiB|MiB|GiB)$/.test(text))
    .sort((a, b) => b.y - a.y);
  const times = texts.filter(({ text }) => /^\d.*(s|min)$/.test(text)).sort((a, b) => a.x - b.x);
  return { svg, lines, texts, curves, grid, ticks, bytes, times };
}

function inBytes(label: string): number {
  const unit = { KiB, MiB, GiB, B: 1 }[/[A-Z]\w*$/.exec(label)![0] as "KiB" | "MiB" | "GiB" | "B"];
  return parseFloat(label) * unit;
}

function near(actual: number, expected: number, message?: string): void {
  assert.ok(Math.abs(actual - expected) <= 0.02, `${message ?? ""} ${actual}, not ${expected}`);
}

describe("the chart of a recording", () => {
  it("draws each figure at its height on the scale of bytes", () => {
    const figures = [0, 1, 2.5, 3, 4].map((mib) => mib * MiB);
    const { curves, grid, bytes } = read(
      recorded(...figures.map((processRss, i): [number, Partial<Recorded>] => [i, { processRss }])),
    );
    assert.equal(grid.length, bytes.length);
    const [zero, top] = [grid[0]!.from.y, grid.at(-1)!.from.y];
    assert.equal(inBytes(bytes[0]!.text), 0);
    const whole = inBytes(bytes.at(-1)!.text);
    curves[0]!.points.forEach(([, y], i) =>
      near(y, zero + (top - zero) * figures[i]! / whole, `${figures[i]} bytes:`)
    );
  });

  it("labels each grid line with its bytes, beside the line", () => {
    const { grid, bytes } = read(recorded([0, { processRss: 0 }], [1, { processRss: 4 * MiB }]));
    const [zero, top] = [grid[0]!.from.y, grid.at(-1)!.from.y];
    const whole = inBytes(bytes.at(-1)!.text);
    bytes.forEach(({ text, x, y, anchor }, i) => {
      near(grid[i]!.from.y, zero + (top - zero) * inBytes(text) / whole, text);
      assert.ok(y > grid[i]!.from.y && y - grid[i]!.from.y < 8, `${text} stands on its line`);
      assert.equal(anchor, "end");
      assert.ok(x > 0 && x < grid[i]!.from.x, `${text} ends before the line begins`);
    });
  });

  it("draws each figure at its time, from the left end to the right", () => {
    const seconds = [0, 1, 4, 9, 10];
    const { curves, grid, ticks, times } = read(
      recorded(...seconds.map((second): [number, Partial<Recorded>] => [second, { headroom: 5 }])),
    );
    const { from, to } = grid[0]!;
    curves[0]!.points.forEach(([x], i) => near(x, from.x + (to.x - from.x) * seconds[i]! / 10));
    assert.equal(ticks.length, times.length);
    times.forEach(({ text, x, anchor }, i) => {
      near(x, from.x + (to.x - from.x) * parseFloat(text) / 10, text);
      near(ticks[i]!.from.x, x);
      assert.equal(anchor, "middle");
    });
    assert.equal(times[0]!.text, "0 s");
    assert.equal(times.at(-1)!.text, "10 s");
  });

  it("puts ticks below the axis and their labels below the ticks", () => {
    const { grid, ticks, times } = read(recorded([0, { headroom: 5 }], [9, { headroom: 6 }]));
    for (const [i, { from, to }] of ticks.entries()) {
      near(from.y, grid[0]!.from.y);
      assert.ok(to.y > from.y && times[i]!.y > to.y && times[i]!.y < SIZE.height);
    }
  });

  it("keeps everything inside the picture, whatever its size", () => {
    const points = recorded([0, { processRss: 3 * MiB, cgroupLimit: 7 * MiB }], [7, {
      processRss: 5 * MiB,
      cgroupLimit: 7 * MiB,
    }]);
    for (const size of [{ width: 400, height: 200 }, { width: 2_000, height: 1_000 }]) {
      const { svg, curves, grid, texts } = read(points, size);
      assert.ok(svg.includes(`viewBox="0 0 ${size.width} ${size.height}"`));
      assert.ok(svg.includes(` width="${size.width}" height="${size.height}" font-family=`));
      assert.ok(svg.includes(`<rect width="${size.width}" height="${size.height}" fill="white"/>`));
      const [bottom, top] = [grid[0]!.from.y, grid.at(-1)!.from.y];
      assert.ok(top > 24 && bottom - top > size.height / 2 && bottom < size.height);
      assert.ok(grid[0]!.from.x > 50 && grid[0]!.to.x > size.width * 0.9);
      assert.ok(grid[0]!.to.x < size.width);
      for (const { points } of curves) {
        for (const [x, y] of points) {
          assert.ok(x >= grid[0]!.from.x && x <= grid[0]!.to.x, `${x}`);
          assert.ok(y >= top && y <= bottom, `${y}`);
        }
      }
      for (const { x, y } of texts) assert.ok(x > 0 && x < size.width && y > 0 && y < size.height);
    }
  });

  it("has few grid lines at powers of two, however large the figures are", () => {
    for (const most of [1, KiB, 5 * KiB, 6 * MiB, 6 * MiB + 1, 100 * MiB, 7 * GiB, 900 * GiB]) {
      const { bytes } = read(recorded([0, { processRss: most }], [1, { processRss: 0 }]));
      const [zero, step] = bytes.map(({ text }) => inBytes(text));
      assert.equal(zero, 0);
      assert.ok(Number.isInteger(Math.log2(step!)), `${step}`);
      const least = most < 6 * KiB ? 2 : 4;
      assert.ok(bytes.length >= least && bytes.length <= 7, `${bytes.length} lines up to ${most}`);
      const top = inBytes(bytes.at(-1)!.text);
      assert.ok(top >= most && top - step! < most, `${most} lies below ${top}, in the last part`);
    }
  });

  it("has few time labels, however long it is", () => {
    for (const seconds of [0.5, 1, 5, 9, 10, 45, 60, 300, 3_600, 7_200, 86_400, 1_000_000]) {
      const { times } = read(recorded([0, { headroom: 1 }], [seconds, { headroom: 1 }]));
      const least = seconds < 1 ? 1 : 2;
      assert.ok(times.length >= least && times.length <= 10, `${times.length} in ${seconds} s`);
      for (const [i, { x }] of times.slice(1).entries()) assert.ok(x - times[i]!.x > 50);
    }
  });

  const lengths: [number, string[]][] = [
    [4, ["0 s", "1 s", "2 s", "3 s", "4 s"]],
    [9, Array.from({ length: 10 }, (_, i) => `${i} s`)],
    [10, ["0 s", "2 s", "4 s", "6 s", "8 s", "10 s"]],
    [120, ["0 s", "15 s", "30 s", "45 s", "60 s", "75 s", "90 s", "105 s", "2:00 min"]],
    [630, ["0 s", "2:00 min", "4:00 min", "6:00 min", "8:00 min", "10:00 min"]],
    [260, [
      "0 s",
      "30 s",
      "60 s",
      "90 s",
      "2:00 min",
      "2:30 min",
      "3:00 min",
      "3:30 min",
      "4:00 min",
    ]],
    [36_000, ["0 s", ...[120, 240, 360, 480, 600].map((minutes) => `${minutes}:00 min`)]],
  ];
  for (const [seconds, labels] of lengths) {
    it(`labels ${seconds} seconds in units that are read at a glance`, () => {
      const { times } = read(recorded([0, { headroom: 1 }], [seconds, { headroom: 1 }]));
      assert.deepEqual(times.map(({ text }) => text), labels);
    });
  }

  it("has a legend: each figure's name behind a piece of its own line", () => {
    const all = { headroom: 1, processRss: 2, cgroupCurrent: 3, cgroupLimit: 4 };
    const { lines, texts, curves } = read(recorded([0, all], [1, all]));
    const names = ["container limit", "container usage", "RSS", "headroom"];
    const legend = names.map((name) => {
      const label = texts.find(({ text }) => text === name)!;
      // The piece nearest to the left of the label, at its height.
      const [piece] = lines.filter(({ from, to }) =>
        to.x > from.x && to.x < label.x && Math.abs(from.y - label.y) < 8
      ).sort((a, b) => b.to.x - a.to.x);
      return { label, piece: piece! };
    });
    assert.equal(new Set(legend.map(({ piece }) => piece.color)).size, 4, "four colours");
    legend.forEach(({ label, piece }, i) => {
      const curve = curves.find(({ color }) => color === piece.color)!;
      assert.equal(curve.dash, piece.dash, label.text);
      assert.equal(piece.dash !== undefined, label.text === "container limit");
      const before = legend[i - 1];
      if (before === undefined) return;
      assert.ok(
        piece.from.x > before.label.x + before.label.text.length * 5,
        `${label.text} begins behind ${before.label.text}`,
      );
      assert.ok(piece.from.x < before.label.x + before.label.text.length * 7 + 40);
    });
  });

  it("draws figures by size, not by name", () => {
    const { curves } = read(
      recorded([0, {
        cgroupLimit: 4_000,
        headroom: 1_000,
        processRss: 2_000,
        cgroupCurrent: 3_000,
      }], [
        1,
        { cgroupLimit: 4_000, headroom: 1_000, processRss: 2_000, cgroupCurrent: 3_000 },
      ]),
    );
    const heights = curves.map(({ points }) => points[0]![1]);
    // From the top: limit, usage, RSS, headroom.
    assert.deepEqual(heights, heights.toSorted((a, b) => a - b));
    assert.equal(new Set(heights).size, 4);
  });

  it("leaves a gap where a figure is missing", () => {
    const { curves } = read(
      recorded([0, { processRss: 1 }], [1, { processRss: 2 }], [2, {}], [3, {}], [4, {
        processRss: 3,
      }]),
    );
    assert.deepEqual(curves.map(({ points }) => points.length), [2, 1]);
  });

  it("says when it began", () => {
    const { texts, grid } = read(recorded([0, { headroom: 1 }], [1, { headroom: 1 }]));
    const from = texts.find(({ text }) => text === "from 2026-01-02T03:04:05Z")!;
    assert.deepEqual([from.x, from.anchor], [grid[0]!.to.x, "end"]);
  });

  it("is drawn of figures that are all 0, and of snapshots of one moment", () => {
    for (const second of [0, 1]) {
      const { svg, grid, curves } = read(
        recorded([0, { processRss: 0 }], [second, { processRss: 0 }]),
      );
      assert.doesNotMatch(svg, /NaN|Infinity/);
      for (const [, y] of curves[0]!.points) near(y, grid[0]!.from.y);
    }
  });
});
