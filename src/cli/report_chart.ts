// The chart of a report: a line of blocks for each figure.

import { formatBytes } from "../bytes.ts";
import type { RecordedSample } from "../recorder/run.ts";
import { BLOCKS } from "./frame.ts";

/** What is drawn, and against which ceiling. */
const ROWS: readonly (readonly [
  name: string,
  value: (sample: RecordedSample) => number | undefined,
  ceiling: (sample: RecordedSample) => number | undefined,
])[] = [
  [
    "container",
    ({ cgroupWorkingSet, cgroupCurrent }) => cgroupWorkingSet ?? cgroupCurrent,
    ({ cgroupLimit }) => cgroupLimit,
  ],
  ["RSS", ({ processRss }) => processRss, ({ cgroupLimit }) => cgroupLimit],
  ["heap", ({ heapUsed }) => heapUsed, ({ heapLimit }) => heapLimit],
];
const LABEL = 11;
const FIGURES = 34;
const SHORTEST = 10;

/**
 * Draws each figure that was recorded, the latest to the right. A block is full
 * at the ceiling, or without one at the maximum.
 */
export function reportChart(samples: readonly RecordedSample[], columns: number): string[] {
  const width = Math.max(SHORTEST, columns - LABEL - FIGURES);
  const shown = thinned(samples, width);
  return ROWS.flatMap(([name, value, ceiling]) => {
    const values = shown.map(value);
    const last = samples.at(-1) && value(samples.at(-1)!);
    const known = values.filter((value) => value !== undefined);
    if (known.length === 0) return [];
    const most = Math.max(...known);
    const limit = samples.at(-1) && ceiling(samples.at(-1)!);
    const top = limit === undefined || limit === Infinity ? most : limit;
    const blocks = values.map((value) => value === undefined ? " " : blockOf(value / (top || 1)));
    const text = last === undefined ? "" : `${formatBytes(last)} at the end` +
      (top === limit ? `, of ${formatBytes(top)}` : "");
    return [`${name.padEnd(LABEL)}${blocks.join("")}  ${text}`];
  });
}

/** At most so many samples: the latest one of each part of the time. */
function thinned(samples: readonly RecordedSample[], most: number): RecordedSample[] {
  if (samples.length <= most) return [...samples];
  return Array.from(
    { length: most },
    (_, i) => samples[Math.ceil((i + 1) * samples.length / most) - 1]!,
  );
}

function blockOf(part: number): string {
  const last = BLOCKS.length - 1;
  return BLOCKS[Math.min(last, Math.max(1, Math.round(part * last)))]!;
}
