// The files by which the processes of one folder take turns.

import fs from "node:fs";
import path from "node:path";
import { requirePermission } from "./deno.ts";
import { errorCode } from "./file_io.ts";

/** A file that exists, and when it was written by the system clock. */
export interface TurnFile {
  readonly text: string;
  readonly writtenAt: number;
}

/** Makes the folder if it is missing, and throws if files cannot be made in it. */
export function prepareTurnFolder(folder: string): void {
  try {
    requirePermission("read", folder);
    requirePermission("write", folder);
    makeFolder(folder);
    const probe = fs.mkdtempSync(path.join(folder, ".probe-"));
    fs.rmdirSync(probe);
  } catch (error) {
    throw new Error(`Cannot take turns in ${folder}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Not with its parents: Node's recursive mkdir tries without end below /proc. */
function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder);
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  }
}

/** The names of the files in a folder. */
export function listFiles(folder: string): string[] {
  return fs.readdirSync(folder);
}

/** A file, or `undefined` if there is none. */
export function readFile(folder: string, name: string): TurnFile | undefined {
  const file = path.join(folder, name);
  try {
    return { text: fs.readFileSync(file, "utf8"), writtenAt: fs.statSync(file).mtimeMs };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Makes a file, unless there is one of this name.
 *
 * @returns Whether it was made, which of several processes is true for one only.
 */
export function createFile(folder: string, name: string, text: string): boolean {
  const file = path.join(folder, name);
  let descriptor: number;
  try {
    descriptor = fs.openSync(file, "wx", 0o644);
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
  try {
    fs.writeSync(descriptor, text);
  } catch (error) {
    // A full disk.
    fs.rmSync(file, { force: true });
    throw error;
  } finally {
    fs.closeSync(descriptor);
  }
  return true;
}

/** Removes a file that may be gone. */
export function removeFile(folder: string, name: string): void {
  fs.rmSync(path.join(folder, name), { force: true });
}
