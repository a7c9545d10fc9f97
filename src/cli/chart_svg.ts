// A recording as a line chart. All text is in the program's own words, so that
// nothing needs to be escaped.

import { formatBytes, KiB } from "../bytes.ts";
import type { Recorded } from "./recording.ts";

/** Pixels. */
export interface ChartSize {
  width: number;
  height: number;
}

const MARGIN = { top: 44, right: 20, bottom: 36, left: 84 };
const MOST_TICKS = 6;
/** Where a scale ends that does not: of steps that are no numbers, for example. */
const TICKS_EVER = 20;

const SERIES = [
  { name: "cgroupLimit", label: "container limit", style: "#888888", dash: "6 4" },
  { name: "cgroupCurrent", label: "container usage", style: "#d55e00", dash: undefined },
  { name: "processRss", label: "RSS", style: "#0072b2", dash: undefined },
  { name: "headroom", label: "headroom", style: "#009e73", dash: undefined },
] as const;

/** Draws it. */
export function chartSvg(recorded: readonly Recorded[], { width, height }: ChartSize): string {
  const series = SERIES.filter(({ name }) => recorded.some((point) => point[name] !== undefined));
  const start = recorded[0]!.at;
  const span = Math.max(1, recorded.at(-1)!.at - start);
  let most = 1;
  for (const point of recorded) {
    for (const { name } of series) most = Math.max(most, point[name] ?? 0);
  }
  const step = byteStep(most);
  const top = Math.ceil(most / step) * step;
  const right = width - MARGIN.right;
  const bottom = height - MARGIN.bottom;
  const x = (at: number) => round(MARGIN.left + (at - start) / span * (right - MARGIN.left));
  const y = (bytes: number) => round(bottom - bytes / top * (bottom - MARGIN.top));

  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
    `width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
  ];
  for (const bytes of ticks(top, step)) {
    const at = y(bytes);
    parts.push(
      `<line x1="${MARGIN.left}" x2="${right}" y1="${at}" y2="${at}" stroke="#dddddd"/>`,
      `<text x="${MARGIN.left - 8}" y="${at + 4}" text-anchor="end">${formatBytes(bytes)}</text>`,
    );
  }
  for (const second of ticks(span / 1000, timeStep(span / 1000))) {
    const at = x(start + second * 1000);
    parts.push(
      `<line x1="${at}" x2="${at}" y1="${bottom}" y2="${bottom + 5}" stroke="#666666"/>`,
      `<text x="${at}" y="${bottom + 20}" text-anchor="middle">${timeLabel(second)}</text>`,
    );
  }
  let legend = MARGIN.left;
  for (const { name, label, style, dash } of series) {
    const stroke = `stroke="${style}" stroke-width="2"` +
      (dash ? ` stroke-dasharray="${dash}"` : "");
    for (const line of unbroken(recorded, name)) {
      const points = line.map((point) => `${x(point.at)},${y(point[name]!)}`).join(" ");
      parts.push(`<polyline fill="none" ${stroke} points="${points}"/>`);
    }
    parts.push(
      `<line x1="${legend}" x2="${legend + 22}" y1="20" y2="20" ${stroke}/>`,
      `<text x="${legend + 28}" y="24">${label}</text>`,
    );
    legend += 56 + label.length * 7;
  }
  parts.push(
    `<text x="${right}" y="24" text-anchor="end" fill="#666666">` +
      `from ${new Date(start).toISOString().slice(0, 19)}Z</text>`,
    "</svg>",
    "",
  );
  return parts.join("\n");
}

/** Runs of points that have the figure: a gap in the figures is one in the line. */
function unbroken(recorded: readonly Recorded[], name: keyof Recorded): Recorded[][] {
  const lines: Recorded[][] = [];
  let line: Recorded[] | undefined;
  for (const point of recorded) {
    if (point[name] === undefined) {
      line = undefined;
    } else if (line === undefined) {
      lines.push(line = [point]);
    } else {
      line.push(point);
    }
  }
  return lines;
}

/** From 0 to the end of a scale, which whatever it is has few. */
function ticks(end: number, step: number): number[] {
  const count = Math.min(TICKS_EVER, Math.floor(end / step) + 1 || 1);
  return Array.from({ length: count }, (_, i) => i * step);
}

/** A power of two that divides the axis into few parts. */
function byteStep(most: number): number {
  return Math.max(KiB, 2 ** Math.ceil(Math.log2(most / MOST_TICKS)));
}

const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

/** Seconds between two labels. */
function timeStep(seconds: number): number {
  const hours = 3600 * Math.ceil(seconds / 3600 / MOST_TICKS);
  return TIME_STEPS.find((step) => seconds / step <= MOST_TICKS * 1.5) ?? hours;
}

function timeLabel(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return seconds < 120 ? `${seconds} s` : `${minutes}:${String(seconds % 60).padStart(2, "0")} min`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
