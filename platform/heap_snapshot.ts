// Heap snapshots: what one takes, and how a complete one gets into a folder.

import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import v8 from "node:v8";
import { MiB } from "../src/bytes.ts";
import { isDeno } from "./deno.ts";
import { keptName, writeWhole } from "./kept_files.ts";

const isBun = "Bun" in globalThis;

/**
 * What a snapshot takes beyond the memory in use, by `deno task
 * bench:snapshots`: bytes that do not depend on the heap, and bytes per byte of
 * heap. The content of the heap decides, and it is not known beforehand, so
 * each factor covers the worst content measured (MiB per MiB of content):
 *
 * | content                        | Deno | Bun | Node |
 * | ------------------------------ | ---: | --: | ---: |
 * | nothing, MiB in all            |  160 |   8 |   43 |
 * | objects with an array          |  5.8 | 3.8 |  4.5 |
 * | linked lists of small objects  |  9.6 |10.4 |  6.6 |
 * | arrays of references           | 21.3 | 7.2 | 14.7 |
 * | arrays of fractional numbers   |   18 |   0 | 11.4 |
 * | strings                        |  4.4 | 4.6 |  2.8 |
 * | Buffers                        |    0 |   0 |    0 |
 */
const COST = isBun
  ? { base: 16 * MiB, factor: 11 }
  : isDeno
  ? { base: 160 * MiB, factor: 22 }
  : { base: 64 * MiB, factor: 15 };

/**
 * Bytes that writing a snapshot may take beyond the memory in use, page cache
 * of the file included.
 *
 * @param heapUsed Bytes of the last sample.
 */
export function snapshotNeeds(heapUsed: number): number {
  return COST.base + COST.factor * (isBun ? bunObjects() : heapUsed);
}

/** Bun counts Buffers as heap, and its snapshots hold none. */
function bunObjects(): number {
  const { heapUsed, external } = process.memoryUsage();
  return Math.max(0, heapUsed - external);
}

/**
 * Writes a snapshot under a temporary name and renames it when it is complete.
 * If that fails, nothing of it is left.
 *
 * @param at Milliseconds since the epoch.
 * @returns Its path.
 */
export function writeSnapshot(folder: string, at: number, number: number): string {
  const file = path.join(folder, `${keptName(at, number)}.heapsnapshot`);
  writeWhole(file, (temporary) => {
    v8.writeHeapSnapshot(temporary);
    checkComplete(temporary);
  });
  return file;
}

/** Throws unless the file ends as a snapshot does: not each runtime reports a write that failed. */
function checkComplete(file: string): void {
  const { size } = fs.statSync(file);
  const end = new Uint8Array(Math.min(size, 16));
  const descriptor = fs.openSync(file, "r");
  try {
    fs.readSync(descriptor, end, 0, end.length, size - end.length);
  } finally {
    fs.closeSync(descriptor);
  }
  if (!/\]\s*\}\s*$/.test(String.fromCharCode(...end))) {
    throw new Error(`the snapshot is incomplete, ${size} bytes were written`);
  }
}
