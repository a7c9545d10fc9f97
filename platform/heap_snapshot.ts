// Heap snapshots: what one takes, and how a complete one gets into a folder.

import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import v8 from "node:v8";
import { isDeno, isPermitted } from "./deno.ts";

const MIB = 1024 * 1024;
const isBun = "Bun" in globalThis;

/** Makes the folder if it is missing. Throws if nothing can be written into it. */
export function prepareSnapshotFolder(folder: string): void {
  for (const name of ["read", "write"] as const) {
    if (!isPermitted({ name, path: folder })) {
      throw new Error(`Deno needs --allow-${name}=${folder}`);
    }
  }
  makeFolder(path.resolve(folder));
  // A file system mounted read-only permits root everything but the attempt.
  const probe = path.join(folder, `.memctl-${process.pid}.tmp`);
  fs.closeSync(fs.openSync(probe, "wx", 0o600));
  fs.rmSync(probe);
}

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
  ? { base: 16 * MIB, factor: 11 }
  : isDeno
  ? { base: 160 * MIB, factor: 22 }
  : { base: 64 * MIB, factor: 15 };

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
  const time = new Date(at).toISOString().replaceAll(":", "-");
  const file = path.join(folder, `memctl-${process.pid}-${number}-${time}.heapsnapshot`);
  const temporary = `${file}.tmp`;
  // Made first, because it holds whatever the program knows: Deno and Bun would
  // let everybody read it. With "wx", no link leads elsewhere.
  fs.closeSync(fs.openSync(temporary, "wx", 0o600));
  try {
    v8.writeHeapSnapshot(temporary);
    checkComplete(temporary);
    fs.renameSync(temporary, file);
  } catch (error) {
    // Node leaves the file open, and a file that is open keeps its disk space.
    if (fs.existsSync(temporary)) fs.truncateSync(temporary);
    fs.rmSync(temporary, { force: true });
    throw error;
  }
  return file;
}

/** Node's recursive mkdir tries without end below /proc. */
function makeFolder(folder: string): void {
  let error = tryFolder(folder);
  const parent = path.dirname(folder);
  if (error?.code === "ENOENT" && parent !== folder) {
    makeFolder(parent);
    error = tryFolder(folder);
  }
  if (error !== undefined) throw error;
}

/** Makes one folder unless it is there: why that failed. */
function tryFolder(folder: string): NodeJS.ErrnoException | undefined {
  try {
    fs.mkdirSync(folder);
  } catch (error) {
    const there = fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory();
    if (!there) return error as NodeJS.ErrnoException;
  }
  return undefined;
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
