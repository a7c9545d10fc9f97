// The results of bench/smallest.ts: one JSON object per line, so that the
// table can be measured in pieces.

import fs from "node:fs";
import path from "node:path";
import { median } from "../../tests/support/numbers.ts";
import type { WayName } from "./ways.ts";

/** One cell: a program in one runtime, started in one way. */
export interface Cell {
  program: string;
  runtime: string;
  way: WayName;
}

/** What was measured of a cell. Sizes are MiB, times are seconds. */
export interface Result extends Cell {
  smallest?: number;
  /** Seconds of processor time without a limit, of the plain start. */
  free?: number;
  /** Most memory in use in the smallest container. */
  peak?: number;
  /** Times in a container of twice the size that `memctl exec` needs. */
  twice?: { size: number; cpu: number[]; wall: number[]; killed: number };
}

/** Reads and extends the file. */
export class Results {
  readonly #file: string;
  readonly all: Result[] = [];

  constructor(file: string) {
    this.#file = file;
    fs.mkdirSync(path.dirname(file), { recursive: true });
    if (!fs.existsSync(file)) return;
    for (const line of fs.readFileSync(file, "utf8").split("\n").filter(Boolean)) {
      this.all.push(JSON.parse(line));
    }
  }

  add(result: Result): void {
    this.all.push(result);
    fs.appendFileSync(this.#file, `${JSON.stringify(result)}\n`);
  }

  /** The last measured smallest size; `undefined`: not measured yet. */
  smallestOf(cell: Cell): number | undefined {
    return this.all.findLast((one) => isOf(one, cell) && one.smallest !== undefined)?.smallest;
  }

  /** The last measured processor time without a limit. */
  freeOf(cell: Cell): number | undefined {
    return this.all.findLast((one) => isOf(one, cell) && one.free !== undefined)?.free;
  }

  /** The last measured times in a container of this size. */
  twiceOf(cell: Cell, size: number): Result["twice"] {
    return this.all.findLast((one) => isOf(one, cell) && one.twice?.size === size)?.twice;
  }
}

/** One row per cell. */
export function tableOf(
  results: Results,
  cells: readonly (Cell & { title: string })[],
): string[][] {
  const of = (value: number | undefined, digits: number) => value?.toFixed(digits) ?? "–";
  return [
    ["program", "runtime", "started", "smallest, MiB", "× plain", "time at 2 ×, s", "× plain"],
    ...cells.map((cell) => {
      const plain: Cell = { ...cell, way: "plain" };
      const smallest = results.smallestOf(cell);
      const twice = 2 * (results.smallestOf({ ...cell, way: "exec" }) ?? NaN);
      const time = results.twiceOf(cell, twice)?.wall;
      const plainTime = results.twiceOf(plain, twice)?.wall;
      const middle = time && median(time);
      return [
        cell.program,
        cell.runtime,
        cell.title,
        of(smallest, 0),
        of(smallest && smallest / (results.smallestOf(plain) ?? NaN), 2),
        of(middle, 1),
        of(middle && middle / (plainTime === undefined ? NaN : median(plainTime)), 2),
      ];
    }),
  ];
}

function isOf(result: Result, { program, runtime, way }: Cell): boolean {
  return result.program === program && result.runtime === runtime && result.way === way;
}
