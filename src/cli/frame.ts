// One picture of the live view, as lines of text.

import { formatBytes } from "../bytes.ts";
import type { MemInfo } from "../mem_info.ts";

/** What the picture is drawn on. */
export interface Canvas {
  columns: number;
  rows: number;
  colors: boolean;
  /** Milliseconds between two snapshots. */
  interval: number;
}

const LABEL = 11;
const FIGURES = 32;
const SHORTEST_BAR = 8;
/** Blocks of growing height. */
export const BLOCKS: string = " ▁▂▃▄▅▆▇█";
/** From which part of a ceiling on a bar is yellow, and red. */
const HIGH = 0.75;
const HIGHEST = 0.9;

/** Draws the last snapshot, and the headroom of those before. */
export function frame(history: readonly MemInfo[], canvas: Canvas): string[] {
  const info = history.at(-1)!;
  const lines = [
    title(info, canvas),
    "",
    ...[
      bar("container", info.cgroupWorkingSet ?? info.cgroupCurrent, info.cgroupLimit, canvas),
      bar("host", used(info), info.systemTotal, canvas),
      bar("heap", info.heapUsed, info.heapLimit, canvas),
    ].filter((line) => line !== undefined),
    "",
    clip(figures(info), canvas.columns),
    "",
    ...chart(history, canvas),
  ];
  // A low terminal gets no empty lines, and then no chart.
  const fitting = lines.length > canvas.rows ? lines.filter((line) => line !== "") : lines;
  return fitting.slice(0, Math.max(1, canvas.rows));
}

function title({ at }: MemInfo, { columns, interval }: Canvas): string {
  const left = `memctl  every ${interval} ms`;
  const right = `${new Date(at).toISOString().slice(11, 19)}  q quits`;
  const gap = columns - left.length - right.length;
  return gap < 2 ? clip(left, columns) : left + " ".repeat(gap) + right;
}

function bar(
  name: string,
  value: number | undefined,
  ceiling: number | undefined,
  { columns, colors }: Canvas,
): string | undefined {
  if (value === undefined || ceiling === undefined) return undefined;
  const label = name.padEnd(LABEL);
  if (ceiling === Infinity) return clip(`${label}${formatBytes(value)}, no limit`, columns);
  const part = Math.min(1, value / ceiling);
  const text = `${formatBytes(value)} of ${formatBytes(ceiling)}`;
  const percent = `${Math.round(part * 100)} %`.padStart(6);
  const width = columns - LABEL - FIGURES;
  if (width < SHORTEST_BAR) return clip(`${label}${text}${percent}`, columns);
  const filled = Math.round(part * width);
  const full = paint("█".repeat(filled), colorOf(part), colors);
  return `${label}${full}${"░".repeat(width - filled)}${percent}  ${text}`;
}

/** Green, yellow or red, as SGR codes. */
function colorOf(part: number): number {
  return part >= HIGHEST ? 31 : part >= HIGH ? 33 : 32;
}

function paint(text: string, color: number, colors: boolean): string {
  return colors && text !== "" ? `\x1b[${color}m${text}\x1b[0m` : text;
}

function used({ systemTotal, systemAvailable }: MemInfo): number | undefined {
  if (systemTotal === undefined || systemAvailable === undefined) return undefined;
  return systemTotal - systemAvailable;
}

function figures(info: MemInfo): string {
  const nearest = info.tightest();
  return `${info}` + (nearest === undefined ? "" : `  nearest: ${nearest.signal}`);
}

/** Headroom over time, the newest to the right, from 0 to the most that was seen. */
function chart(history: readonly MemInfo[], { columns }: Canvas): string[] {
  const values = history.slice(-columns).map((info) => info.headroom());
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return [clip("headroom is unknown", columns)];
  const most = Math.max(...known);
  const least = Math.min(...known);
  const last = BLOCKS.length - 1;
  const spark = values.map((value) =>
    value === undefined || most === 0 ? " " : BLOCKS[Math.max(1, Math.round(value / most * last))]
  ).join("");
  return [clip(`headroom  least ${formatBytes(least)}, most ${formatBytes(most)}`, columns), spark];
}

function clip(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}
