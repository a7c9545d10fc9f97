// The runs of the thresholds bench as a picture of four panels. It carries its
// own background, and colors for light and dark.

import type { Sweep, ThresholdRun } from "./threshold_runs.ts";
import { SWEEPS } from "./threshold_runs.ts";

const RUNTIMES = ["deno", "bun", "node"] as const;
type RuntimeName = (typeof RUNTIMES)[number];

/** Pixels. */
const PANEL = { width: 350, height: 190, left: 52, top: 46 };
const CELL = { width: 430, height: 300 };
const HEAD = 44;

interface Curve {
  sweep: Sweep;
  /** The figure of a run; `undefined`: it has none. */
  of: (run: ThresholdRun) => number | undefined;
  dashed: boolean;
}

interface Panel {
  title: string;
  /** What the vertical axis has. */
  unit: string;
  across: string;
  limit: number;
  percent: boolean;
  curves: Curve[];
}

const goodput = (run: ThresholdRun) => run.outcome === "finished" ? run.goodput : undefined;

const PANELS: Panel[] = [
  ...[30, 70].map((live): Panel => {
    const sweep = `watermark, ${live} % live` as Sweep;
    return {
      title: `Watchdog, 300 MiB, ${live} % of it live`,
      unit: "work rate, % of the best setting; dashed: time in forced GC",
      across: "first watermark",
      limit: 300,
      percent: true,
      curves: [
        { sweep, of: goodput, dashed: false },
        { sweep, of: ({ gc }) => gc, dashed: true },
      ],
    };
  }),
  {
    title: "shed, 512 MiB, 5 MB a request",
    unit: "answers per second; dashed, upper ×: without perRequest",
    across: "headroom",
    limit: 512,
    percent: false,
    curves: [
      { sweep: "headroom, perRequest", of: goodput, dashed: false },
      { sweep: "headroom", of: goodput, dashed: true },
    ],
  },
  {
    title: "shed without perRequest, enter 10 %",
    unit: "answers per second",
    across: "exit as a multiple of enter",
    limit: 512,
    percent: false,
    curves: [{ sweep: "exit", of: goodput, dashed: false }],
  },
];

const STYLE = `
  .back { fill: #ffffff } text { fill: #24292f; font: 11px sans-serif }
  .title { font-size: 13px; font-weight: bold } .soft { fill: #57606a }
  .grid { stroke: #d8dee4 } .axis { stroke: #57606a }
  .deno { stroke: #0072b2; color: #0072b2 } .bun { stroke: #c85200; color: #c85200 }
  .node { stroke: #00805a; color: #00805a }
  .curve { fill: none; stroke-width: 2 } .dashed { stroke-dasharray: 5 4; stroke-width: 1.5 }
  .run { fill: currentColor; stroke: none; opacity: 0.55 } .killed { stroke-width: 2.5 }
  @media (prefers-color-scheme: dark) {
    .back { fill: #0d1117 } text { fill: #e6edf3 } .soft { fill: #9198a1 }
    .grid { stroke: #30363d } .axis { stroke: #9198a1 }
    .deno { stroke: #58b0ee; color: #58b0ee } .bun { stroke: #f0a04b; color: #f0a04b }
    .node { stroke: #3fcf9a; color: #3fcf9a }
  }`;

/** Draws the runs. */
export function drawThresholds(runs: readonly ThresholdRun[]): string {
  const [width, height] = [2 * CELL.width, HEAD + 2 * CELL.height];
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    "<title>What thresholds buy and cost, in Deno, Bun and Node</title>",
    `<style>${STYLE}</style>`,
    `<rect class="back" width="${width}" height="${height}"/>`,
    legend(),
    ...PANELS.map((panel, i) => {
      const [x, y] = [i % 2 * CELL.width, HEAD + Math.floor(i / 2) * CELL.height];
      const shown = runs.filter((run) =>
        run.limit === panel.limit && panel.curves.some(({ sweep }) => sweep === run.sweep)
      );
      const own = panel.percent ? RUNTIMES.flatMap((name) => toBest(shown, name)) : shown;
      return `<g transform="translate(${x} ${y})">${drawPanel(panel, own)}</g>`;
    }),
    "</svg>",
  ];
  return parts.join("\n") + "\n";
}

/**
 * The runs of a runtime with the work rate as a share of the best setting's. The
 * run without a limit is another moment of a host that may be busy; the settings
 * take turns.
 */
function toBest(runs: readonly ThresholdRun[], name: RuntimeName): ThresholdRun[] {
  const own = runs.filter(({ runtime }) => runtime === name);
  const means = [...new Set(own.map(({ threshold }) => threshold))].map((threshold) =>
    meanOf(own.filter((run) => run.threshold === threshold).map(({ goodput }) => goodput))
  );
  const best = Math.max(...means);
  return own.map((run) => ({ ...run, goodput: run.goodput / best }));
}

function legend(): string {
  const entries = RUNTIMES.map((name, i) => {
    const x = PANEL.left + i * 90;
    const title = name[0]!.toUpperCase() + name.slice(1);
    return `<path class="curve ${name}" d="M${x} 24h26"/>${dot(name, x + 13, 24, 4)}` +
      `<text x="${x + 33}" y="28">${title}</text>`;
  });
  const x = PANEL.left + 290;
  return entries.join("") + `<path class="axis killed" d="${cross(x, 24)}"/>` +
    `<text x="${x + 14}" y="28">OOM-killed or stuck, in at least one run</text>`;
}

function drawPanel(panel: Panel, runs: readonly ThresholdRun[]): string {
  const { left, top, width, height } = PANEL;
  const thresholds = SWEEPS[panel.curves[0]!.sweep];
  const most = Math.max(
    0.001,
    ...panel.curves.flatMap(({ sweep, of }) =>
      runs.filter((run) => run.sweep === sweep).map((run) => of(run) ?? 0)
    ),
  );
  const step = stepOf(most);
  const end = Math.ceil(most / step) * step;
  const x = (i: number) => round(left + (i + 0.5) * width / thresholds.length);
  const y = (value: number) => round(top + height - value / end * height);
  const parts = [
    `<text class="title" x="${left}" y="18">${panel.title}</text>`,
    `<text class="soft" x="${left}" y="35">${panel.unit}</text>`,
  ];
  for (let n = 0; n * step <= end + step / 2; n++) {
    const at = y(n * step);
    const text = panel.percent ? `${Math.round(n * step * 100)} %` : String(round(n * step));
    parts.push(
      `<path class="${n === 0 ? "axis" : "grid"}" d="M${left} ${at}h${width}"/>`,
      `<text x="${left - 8}" y="${at + 4}" text-anchor="end">${text}</text>`,
    );
  }
  thresholds.forEach((threshold, i) => {
    const text = threshold === null
      ? "none"
      : panel.curves[0]!.sweep === "exit"
      ? `${threshold}×`
      : `${Math.round(threshold * 100)} %`;
    parts.push(`<text x="${x(i)}" y="${top + height + 17}" text-anchor="middle">${text}</text>`);
  });
  parts.push(
    `<text class="soft" x="${left + width / 2}" y="${top + height + 35}" text-anchor="middle">` +
      `${panel.across}</text>`,
  );
  for (const name of RUNTIMES) {
    for (const [order, curve] of panel.curves.entries()) {
      const own = runs.filter((run) => run.runtime === name && run.sweep === curve.sweep);
      if (own.length > 0) {
        parts.push(drawCurve({ panel, name, curve, own, thresholds, x, y, order }));
      }
    }
  }
  return parts.join("\n");
}

interface CurvePlace {
  panel: Panel;
  name: RuntimeName;
  curve: Curve;
  own: readonly ThresholdRun[];
  thresholds: readonly (number | null)[];
  x: (i: number) => number;
  y: (value: number) => number;
  order: number;
}

/** A line through the means, a dot for each run, and a cross where one did not finish. */
function drawCurve({ panel, name, curve, own, thresholds, x, y, order }: CurvePlace): string {
  const parts: string[] = [];
  let line = "";
  let pen = "M";
  // The curve of GC has the same runs as the one before it.
  const marksEnds = order === 0 || !panel.percent;
  thresholds.forEach((threshold, i) => {
    const at = own.filter((run) => run.threshold === threshold);
    const values = at.map(curve.of).filter((value) => value !== undefined);
    // Without protection there is no curve to continue: its points stand alone.
    if (threshold === null) pen = "M";
    if (values.length > 0) {
      line += `${pen}${x(i)} ${y(meanOf(values))}`;
      pen = "L";
      if (!curve.dashed || threshold === null) {
        for (const value of values) parts.push(dot(name, x(i), y(value), 3));
      }
    } else {
      pen = "M";
    }
    if (marksEnds && at.some(({ outcome }) => outcome !== "finished")) {
      // Side by side, so that none hides another.
      const aside = (RUNTIMES.indexOf(name) - 1) * 12;
      parts.push(
        `<path class="killed ${name}" d="${cross(x(i) + aside, y(0) - 8 - 14 * order)}"/>`,
      );
    }
  });
  parts.push(`<path class="curve ${name}${curve.dashed ? " dashed" : ""}" d="${line}"/>`);
  return parts.join("");
}

/** A shape for each runtime, because not everybody tells the colors apart. */
function dot(name: RuntimeName, x: number, y: number, r: number): string {
  const shape = name === "deno"
    ? `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`
    : name === "bun"
    ? `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`
    : `M${x} ${y - r}l${r} ${2 * r}h${-2 * r}z`;
  return `<path class="run ${name}" d="${shape}"/>`;
}

function cross(x: number, y: number): string {
  return `M${x - 4} ${y - 4}l8 8m0 -8l-8 8`;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** A round step of which four or five make the axis. */
function stepOf(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  return [0.1, 0.2, 0.25, 0.5, 1].map((part) => part * power * 2).find((step) => most / step <= 5)!;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
