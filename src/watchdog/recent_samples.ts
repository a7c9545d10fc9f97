import type { MemInfo } from "../mem_info.ts";
import type { Reading } from "./gauge.ts";

/** The columns of {@linkcode RecentSamples.rows}. All but the time are bytes. */
export const SAMPLE_COLUMNS = ["at", "used", "limit", "heapUsed", "runtimeTotal"] as const;

const WIDTH = SAMPLE_COLUMNS.length;
/** A minute of samples, four a second. */
const ROWS = 240;
/** Milliseconds. */
const GAP = 250;

/** The samples of the last minute or more, in memory of a fixed size. */
export class RecentSamples {
  readonly #cells = new Float64Array(ROWS * WIDTH);
  #count = 0;
  #last = -Infinity;

  /** Takes note of a sample, unless the last one is younger than a quarter of a second. */
  note({ used, limit }: Reading, { at, heapUsed = NaN, runtimeTotal = NaN }: MemInfo): void {
    const age = at - this.#last;
    // A clock that was set back must not end it.
    if (age >= 0 && age < GAP) return;
    this.#last = at;
    const cells = this.#cells;
    let cell = (this.#count++ % ROWS) * WIDTH;
    cells[cell++] = at;
    cells[cell++] = used;
    cells[cell++] = limit;
    cells[cell++] = heapUsed;
    cells[cell] = runtimeTotal;
  }

  /** The samples, the oldest first. `null`: unknown. */
  rows(): (number | null)[][] {
    const first = Math.max(0, this.#count - ROWS);
    return Array.from({ length: this.#count - first }, (_, i) => {
      const start = ((first + i) % ROWS) * WIDTH;
      const row = this.#cells.subarray(start, start + WIDTH);
      return Array.from(row, (value) => Number.isFinite(value) ? value : null);
    });
  }
}
