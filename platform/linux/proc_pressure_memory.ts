// Pressure stall information: /proc/pressure/memory, and memory.pressure of a
// cgroup, which has the same form.

import type { MemoryPressure, PressureFigures } from "../../src/mem_info.ts";

const LINE = /^(some|full) avg10=(\d+\.\d+) avg60=(\d+\.\d+) avg300=(\d+\.\d+) total=(\d+)$/gm;

/** The lines `some` and `full`; `undefined` unless both are whole. */
export function parsePressure(text: string): MemoryPressure | undefined {
  const lines: Record<string, PressureFigures> = {};
  for (const [, name, avg10, avg60, avg300, total] of text.matchAll(LINE)) {
    const figures = {
      avg10: Number(avg10),
      avg60: Number(avg60),
      avg300: Number(avg300),
      total: Number(total),
    };
    if (Math.max(figures.avg10, figures.avg60, figures.avg300) > 100) return undefined;
    if (!Number.isSafeInteger(figures.total)) return undefined;
    lines[name!] = Object.freeze(figures);
  }
  const { some, full } = lines;
  return some && full && Object.freeze({ some, full });
}
