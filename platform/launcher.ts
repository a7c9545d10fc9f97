// Starting a program: in this process's place, or as its child.

import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { type Launcher, LaunchError, type Started } from "../src/cli/launcher.ts";
import type { Environment } from "../src/plan/setting.ts";
import { become } from "./become.ts";
import { isPermitted } from "./deno.ts";

const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
const EXECUTE_BITS = 0o111;
const START = 512;
/** What files start with that the kernel executes by itself: ELF, and Mach-O of 64 bits or of several kinds. */
const EXECUTABLES = ["\x7fELF", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe"];

/** What this runtime offers. */
export function openLauncher(): Launcher {
  return {
    environment,
    find,
    shebang: (file) => /^#!\s*(.*)/.exec(startOf(file) ?? "")?.[1],
    isFile: (name) => fs.statSync(name, { throwIfNoEntry: false })?.isFile() === true,
    write: (text) => writeAll(1, text),
    writeError: (text) => writeAll(2, text),
    become: (program) => becomeIfSure(withShell(program)),
    async run(program) {
      require("run");
      // Only what cannot become a program needs it, and it takes long to load.
      const { runChild } = await import("./child.ts");
      return await runChild(withShell(program), NOT_EXECUTABLE);
    },
  };
}

function environment(): Environment {
  require("env");
  return { ...process.env };
}

function find(name: string): string {
  require("read");
  require("env");
  const folders = name.includes("/") ? [""] : (process.env.PATH ?? "").split(path.delimiter);
  let forbidden: string | undefined;
  for (const folder of folders) {
    const file = folder === "" ? name : path.join(folder, name);
    const problem = problemOf(file);
    if (problem === undefined) return path.resolve(file);
    if (problem !== "no such file") forbidden ??= `${file}: ${problem}`;
  }
  if (forbidden !== undefined) {
    throw new LaunchError(`the command must be executable: ${forbidden}`, NOT_EXECUTABLE);
  }
  const where = name.includes("/") ? "no such file" : "it is not in PATH";
  throw new LaunchError(`the command "${name}" was not found: ${where}`, NOT_FOUND);
}

/** Why a file cannot be executed. */
function problemOf(file: string): string | undefined {
  let mode: number;
  try {
    const stats = fs.statSync(file);
    if (!stats.isFile()) return "it is not a file";
    mode = stats.mode;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return "no such file";
    return `it cannot be read (${code})`;
  }
  if ((mode & EXECUTE_BITS) === 0 || !isAccessible(file)) return "permission denied";
  const interpreter = /^#!\s*(\S+)/.exec(startOf(file) ?? "")?.[1];
  if (interpreter === undefined || fs.existsSync(interpreter)) return undefined;
  return `its interpreter ${interpreter} is missing`;
}

/** Whether this user may execute a file, as far as Deno's sandbox lets it find out. */
function isAccessible(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "EACCES";
  }
  return true;
}

/** The first bytes of a file as text; `undefined` of a program that may be run but not read. */
function startOf(file: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = fs.openSync(file, "r");
  } catch {
    return undefined;
  }
  try {
    const buffer = new Uint8Array(START);
    const length = fs.readSync(descriptor, buffer, 0, START, 0);
    return new TextDecoder("latin1").decode(buffer.subarray(0, length));
  } finally {
    fs.closeSync(descriptor);
  }
}

/** What execvp(3) does with a text that does not say what runs it: the shell does. */
function withShell({ file, words, environment }: Started): Started {
  const start = startOf(file);
  if (start === undefined || start.startsWith("#!") || start.includes("\0")) {
    return { file, words, environment };
  }
  return { file: "/bin/sh", words: ["sh", file, ...words.slice(1)], environment };
}

/** Takes the place of this process unless the kernel may refuse the file, which ends Node. */
function becomeIfSure(program: Started): void {
  const start = startOf(program.file) ?? "";
  if (start.startsWith("#!") || EXECUTABLES.some((magic) => start.startsWith(magic))) {
    become(program);
  }
}

/** Writes all of it; a pipe that is full and does not block is tried again. */
function writeAll(descriptor: number, text: string): void {
  let left = new TextEncoder().encode(text);
  while (left.length > 0) {
    try {
      left = left.subarray(fs.writeSync(descriptor, left));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // The reader is gone.
      if (code === "EPIPE") return;
      if (code !== "EAGAIN") throw error;
    }
  }
}

/** Throws where Deno would ask for a permission. */
function require(name: "env" | "read" | "run"): void {
  if (!isPermitted({ name })) throw new LaunchError(`Deno needs --allow-${name}`, 2);
}
