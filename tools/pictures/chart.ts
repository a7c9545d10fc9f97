// Line charts of runs: memory, or anything else, over seconds.

import { type Colour, line, rect, text } from "./svg.ts";

/** One curve. */
export interface Curve {
  readonly label: string;
  readonly colour: Colour;
  readonly dash?: string;
  /** Seconds and value. */
  readonly points: readonly (readonly [second: number, value: number])[];
  /** What happened at its end, drawn there. */
  readonly end?: string;
}

/** Where a chart is, and its scales. */
export interface ChartOptions {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly seconds: number;
  readonly top: number;
  readonly step: number;
  readonly unit: string;
  /** A dashed horizontal line. */
  readonly limit?: { value: number; label: string };
}

const LEFT = 76;

/** Draws the axes and the curves. */
export function chart(curves: readonly Curve[], options: ChartOptions): string[] {
  const { x, y, width, height, seconds, top, step, unit, limit } = options;
  const left = x + LEFT;
  const right = x + width;
  const bottom = y + height;
  const atX = (second: number) => left + Math.min(1, second / seconds) * (right - left);
  const atY = (value: number) => bottom - Math.min(1, value / top) * height;
  const parts: string[] = [];
  for (let value = 0; value <= top; value += step) {
    parts.push(
      line([[left, atY(value)], [right, atY(value)]], "grid", { width: 1 }),
      text(left - 8, atY(value) + 4, `${value.toLocaleString("en")} ${unit}`.trim(), {
        anchor: "end",
        colour: "muted",
      }),
    );
  }
  const tick = [0.5, 1, 2, 5, 10].find((tick) => seconds / tick <= 12) ?? 20;
  for (let second = 0; second <= seconds; second += tick) {
    parts.push(
      text(atX(second), bottom + 20, `${second} s`, { anchor: "middle", colour: "muted" }),
    );
  }
  if (limit !== undefined) {
    parts.push(
      line([[left, atY(limit.value)], [right, atY(limit.value)]], "ink", { dash: "6 4" }),
      text(right, atY(limit.value) - 7, limit.label, { anchor: "end" }),
    );
  }
  for (const { points, colour, dash, end } of curves) {
    parts.push(line(
      points.map(([second, value]) => [atX(second), atY(value)] as const),
      colour,
      dash === undefined ? {} : { dash },
    ));
    if (end === undefined) continue;
    const [second, value] = points.at(-1)!;
    const beyond = atX(second) > right - 170;
    parts.push(
      rect(atX(second) - 4, atY(value) - 4, 8, 8, colour),
      text(
        atX(second) + (beyond ? -10 : 10),
        atY(value) + (beyond ? -10 : atY(value) < y + 14 ? 20 : 5),
        end,
        {
          colour,
          bold: true,
          anchor: beyond ? "end" : "start",
        },
      ),
    );
  }
  return parts;
}

/** The names of curves, in one row. */
export function legend(x: number, y: number, curves: readonly Curve[]): string[] {
  let at = x;
  return curves.flatMap(({ label, colour, dash }) => {
    const parts = [
      line([[at, y - 4], [at + 22, y - 4]], colour, dash === undefined ? {} : { dash }),
      text(at + 28, y, label),
    ];
    at += 56 + label.length * 7.4;
    return parts;
  });
}
