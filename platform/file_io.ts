import fs from "node:fs";
import { messageOf } from "../src/thrown.ts";
import { isDeno, isPermitted } from "./deno.ts";

/** The file calls that the adapters make; a test hands in failing ones. */
export interface FileIo {
  /** Whether each read must open its file and close it again. Default: `false`. */
  readonly transient?: boolean;
  /** Opens for reading; throws with a `code` as `node:fs` does. */
  open(path: string): number;
  /** One positioned read from the start of the file: the bytes read. */
  read(fd: number, into: Uint8Array): number;
  /** Closes what `open` gave. */
  close(fd: number): void;
  /** The whole file, for those that are read once. */
  readAll(path: string): Uint8Array;
  /** Whether something is at this path; `true` if that may not be asked. */
  exists(path: string): boolean;
}

const bun = (globalThis as { Bun?: { isMainThread: boolean } }).Bun;

/** `node:fs`, which all three runtimes have, behind Deno's permissions. */
export const nodeFileIo: FileIo = {
  // Bun never closes the descriptors of a worker that is terminated, and runs
  // no handler in it that could. Deno and Node close them.
  transient: bun?.isMainThread === false,
  open(path: string): number {
    return permitted(path, () => fs.openSync(path, "r"));
  },
  read(fd: number, into: Uint8Array): number {
    return fs.readSync(fd, into, 0, into.length, 0);
  },
  close(fd: number): void {
    fs.closeSync(fd);
  },
  readAll(path: string): Uint8Array {
    return permitted(path, () => fs.readFileSync(path));
  },
  exists(path: string): boolean {
    return mayRead(path) ? fs.existsSync(path) : true;
  },
};

/**
 * Touches a path only if that cannot prompt: Deno is asked first. It says
 * "granted" under --allow-read for /proc and /sys and then throws, so that
 * error is told apart as well.
 */
function permitted<T>(path: string, touch: () => T): T {
  if (!mayRead(path)) throw new NotPermittedError(path);
  try {
    return touch();
  } catch (error) {
    if (isDeno && (error as Error).name === "NotCapable") {
      throw new NotPermittedError(path, { cause: error });
    }
    throw error;
  }
}

function mayRead(path: string): boolean {
  return isPermitted({ name: "read", path });
}

/** Deno's sandbox keeps this path from us. */
class NotPermittedError extends Error {
  override readonly name = "NotPermittedError";

  constructor(path: string, options?: ErrorOptions) {
    super(`Deno needs --allow-all to read ${path}`, options);
  }
}

/** A small text file of procfs; `undefined`: missing, or not permitted. */
export function readProcText(path: string): string | undefined {
  try {
    return new TextDecoder().decode(nodeFileIo.readAll(path));
  } catch {
    return undefined;
  }
}

/** The system's word for what went wrong, such as `"ENOENT"`. */
export function errorCode(error: unknown): string | undefined {
  return (error as { code?: string } | undefined)?.code;
}

/** What went wrong with a path, in words for {@linkcode Signal.reason}. */
export function describeError(error: unknown, path: string): string {
  if (error instanceof NotPermittedError) return error.message;
  switch (errorCode(error)) {
    case "ENOENT":
      return `${path} does not exist`;
    case "EACCES":
    case "EPERM":
      return `this user may not read ${path}`;
    case "EMFILE":
    case "ENFILE":
      return `no file descriptor left to open ${path}: raise the limit (ulimit -n)`;
    case undefined:
      return `cannot read ${path}: ${messageOf(error)}`;
    default:
      return `cannot read ${path}: ${errorCode(error)}`;
  }
}
