// Files that are kept for later: only the owner can read them, each one is
// complete, and the oldest give way to the newest.

import { Buffer } from "node:buffer";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { threadId } from "node:worker_threads";
import { requirePermission } from "./deno.ts";
import { errorCode } from "./file_io.ts";

/** How many files of one kind a folder may hold, and how many bytes they may take together. */
export interface KeptLimits {
  readonly maxFiles: number;
  readonly maxBytes: number;
}

/** A temporary file that is older than this belongs to a process that was killed. */
const ABANDONED = 600_000;
const TEMPORARY = ".tmp";

/** Makes the folder if it is missing. Throws if nothing can be written into it. */
export function prepareFolder(folder: string): void {
  ensureFolder(folder);
  // A file system mounted read-only permits root everything but the attempt.
  const probe = path.join(folder, `.memctl-${process.pid}${TEMPORARY}`);
  fs.closeSync(fs.openSync(probe, "wx", 0o600));
  fs.rmSync(probe);
}

/** Makes the folder if it is missing. Throws if Deno has not been permitted to use it. */
export function ensureFolder(folder: string): void {
  requirePermission("read", folder);
  requirePermission("write", folder);
  makeFolder(path.resolve(folder));
}

/**
 * The first part of a file's name.
 *
 * @param at Milliseconds since the epoch.
 * @param number Another one for each file of this isolate.
 */
export function keptName(at: number, number: number): string {
  const time = new Date(at).toISOString().replaceAll(":", "-");
  // Isolates of one process may write at the same time.
  const writer = threadId > 0 ? `${process.pid}.${threadId}` : process.pid;
  return `memctl-${writer}-${number}-${time}`;
}

/**
 * Writes a file under a temporary name and renames it when it is complete. If
 * that fails, nothing of it is left.
 *
 * @param fill Fills the empty file of the given path.
 */
export function writeWhole(file: string, fill: (temporary: string) => void): void {
  const temporary = `${file}${TEMPORARY}`;
  // Made first, because it holds what the program knows: Deno and Bun would let
  // everybody read it. With "wx", no link leads elsewhere.
  fs.closeSync(fs.openSync(temporary, "wx", 0o600));
  try {
    fill(temporary);
    fs.renameSync(temporary, file);
  } catch (error) {
    // Node leaves a heap snapshot open, and a file that is open keeps its disk space.
    if (fs.existsSync(temporary)) fs.truncateSync(temporary);
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * Writes a text in the same way, after the oldest files that have made too little room for it
 * were removed.
 *
 * @param extensions Of the files that count against the limits, such as `".json"`.
 * @returns The path of the file.
 * @throws If the file does not fit, or cannot be written.
 */
export function writeKept(
  folder: string,
  name: string,
  text: string,
  extensions: readonly string[],
  limits: KeptLimits,
): string {
  const bytes = Buffer.byteLength(text);
  const file = path.join(folder, name);
  makeRoom(folder, name, bytes, extensions, limits);
  writeWhole(file, (temporary) => {
    fs.writeFileSync(temporary, text);
    const { size } = fs.statSync(temporary);
    if (size !== bytes) throw new Error(`only ${size} of ${bytes} bytes were written`);
  });
  return file;
}

/** A file that memctl wrote. */
interface Kept {
  readonly file: string;
  readonly time: string;
  readonly size: number;
}

/**
 * Removes the oldest files until one more fits. It touches nothing but regular
 * files with a name that {@linkcode keptName} gave.
 *
 * @param name Of the file to come. One of the same name is replaced and does not
 * count. Those that differ only in their extension belong to it and stay.
 * @throws If it does not fit.
 */
function makeRoom(
  folder: string,
  name: string,
  bytes: number,
  extensions: readonly string[],
  { maxFiles, maxBytes }: KeptLimits,
): void {
  const kept = findKept(folder, extensions).filter(({ file }) => file !== name);
  let total = kept.reduce((sum, { size }) => sum + size, bytes);
  let left = kept.length;
  const stem = name.slice(0, name.indexOf("Z.") + 1);
  const others = kept.filter(({ file }) => !file.startsWith(stem));
  others.sort((a, b) => a.time < b.time ? -1 : a.time > b.time ? 1 : a.file < b.file ? -1 : 1);
  for (const { file, size } of others) {
    if (left < maxFiles && total <= maxBytes) return;
    // Another process may remove the same ones.
    fs.rmSync(path.join(folder, file), { force: true });
    left--;
    total -= size;
  }
  if (total > maxBytes) {
    throw new Error(
      `it has ${bytes} bytes, and with the files that belong to it more than ` +
        `maxBytes, ${maxBytes}`,
    );
  }
}

function findKept(folder: string, extensions: readonly string[]): Kept[] {
  const kept: Kept[] = [];
  for (const file of fs.readdirSync(folder)) {
    const [, time, extension, temporary] = NAME.exec(file) ?? [];
    if (time === undefined || !extensions.includes(extension!)) continue;
    const stat = fs.lstatSync(path.join(folder, file), { throwIfNoEntry: false });
    if (stat === undefined || !stat.isFile()) continue;
    if (temporary !== undefined && Date.now() - stat.mtimeMs > ABANDONED) {
      fs.rmSync(path.join(folder, file), { force: true });
    } else {
      kept.push({ file, time, size: stat.size });
    }
  }
  return kept;
}

/** As {@linkcode keptName} and {@linkcode writeWhole} make it. */
const NAME =
  /^memctl-\d+(?:\.\d+)?-\d+-(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z)(\.[a-z.]*?)(\.tmp)?$/;

/** Node's recursive mkdir tries without end below /proc. */
function makeFolder(folder: string): void {
  let error = tryFolder(folder);
  const parent = path.dirname(folder);
  if (errorCode(error) === "ENOENT" && parent !== folder) {
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
