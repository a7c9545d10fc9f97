import { checkInterval, checkObject, show } from "../check.ts";
import {
  createFile,
  listFiles,
  ownIdentity,
  prepareTurnFolder,
  type ProcessIdentity,
  readFile,
  removeFile,
  stillRuns,
  type TurnFile,
} from "../host/retire.ts";
import type { Turns } from "./options.ts";

/**
 * Options of {@linkcode turnFolder}.
 *
 * @since 0.1.0
 */
export interface TurnFolderOptions {
  /**
   * Milliseconds to wait for a new process after the former one must have ended.
   * After that the next one may retire without it. Default: 60,000.
   */
  timeout?: number | undefined;
}

/** What the file of a turn says. */
interface TurnRecord extends ProcessIdentity {
  /** When it was taken, in milliseconds since the epoch. */
  readonly at: number;
  /** When its process has ended at the latest. */
  readonly until: number;
}

/** Milliseconds by which a file may be newer than now before the system clock was set back. */
const CLOCK_TOLERANCE = 60_000;

/**
 * Lets the processes that share a folder retire one at a time. The next one may
 * retire when the former has ended and a new process has called `up()`. `retire()`
 * does that `grace` after its first server listens. If no process does, the
 * next one may retire `timeout` after the former must have ended.
 *
 * ```ts
 * import { turnFolder } from "@x/memctl/retire";
 * import assert from "node:assert/strict";
 * import fs from "node:fs";
 * import os from "node:os";
 * import path from "node:path";
 *
 * const folder = fs.mkdtempSync(path.join(os.tmpdir(), "turns-"));
 * const [one, other] = [turnFolder(folder), turnFolder(folder)];
 * assert.equal(one.take(20_000), true);
 * assert.equal(other.take(20_000), false); // as long as `one` has not ended
 * fs.rmSync(folder, { recursive: true });
 * ```
 *
 * A turn is a file that one process only can create. It holds the process id
 * and the start time, so a process that was killed is recognised. Use one
 * folder per container, on a local file system: across containers process ids
 * say nothing, and only times count.
 *
 * @param folder The folder. It is made if it is missing, but not its parents.
 * @param options How long to wait for a new process.
 * @returns The turns of this process.
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {RangeError} If an option is out of range.
 * @throws {Error} If no files can be made in the folder.
 * @since 0.1.0
 */
export function turnFolder(folder: string, options: TurnFolderOptions = {}): Required<Turns> {
  if (typeof folder !== "string" || folder === "") {
    throw new TypeError(`'folder' must be a path: current value is ${show(folder)}`);
  }
  checkObject("options", options);
  const { timeout = 60_000 } = options;
  checkInterval(timeout, "timeout");
  prepareTurnFolder(folder);
  const madeAt = Date.now();
  let own: number | undefined;
  return {
    take(within) {
      if (own !== undefined) return true;
      // Something may tidy up temporary folders.
      prepareTurnFolder(folder);
      const last = lastTurn(folder);
      if (!isOver(folder, last, timeout)) return false;
      const turn = last + 1;
      const at = Date.now();
      const record: TurnRecord = { ...ownIdentity(), at, until: at + within };
      if (!createFile(folder, nameOf(turn), JSON.stringify(record))) return false;
      // While this process was slow, others may have taken this turn, and removed it.
      if (lastTurn(folder) > turn) {
        removeFile(folder, nameOf(turn));
        return false;
      }
      own = turn;
      removeBefore(folder, turn);
      return true;
    },
    up() {
      const last = lastTurn(folder);
      const file = last > 0 ? readFile(folder, nameOf(last)) : undefined;
      // A process that was there before replaces none.
      if (file === undefined || timesOf(file).at > madeAt) return;
      createFile(folder, markOf(last), "");
    },
  };
}

function nameOf(turn: number): string {
  return `turn-${turn}`;
}

/** The name of the file that says that a new process is up. */
function markOf(turn: number): string {
  return `${nameOf(turn)}.up`;
}

/** The number that a file of a turn belongs to, or NaN. */
function turnOf(name: string): number {
  return Number(/^turn-(\d{1,15})(\.up)?$/.exec(name)?.[1] ?? NaN);
}

/** The last turn that was taken; 0: none. */
function lastTurn(folder: string): number {
  const taken = listFiles(folder).filter((name) => !name.endsWith(".up")).map(turnOf);
  return Math.max(0, ...taken.filter((turn) => turn > 0));
}

function removeBefore(folder: string, turn: number): void {
  for (const name of listFiles(folder)) {
    if (turnOf(name) < turn) removeFile(folder, name);
  }
}

/** Whether the process of this turn has ended and was replaced, or has had its time. */
function isOver(folder: string, turn: number, timeout: number): boolean {
  const file = turn > 0 ? readFile(folder, nameOf(turn)) : undefined;
  if (file === undefined) return true;
  const now = Date.now();
  const record = parseRecord(file.text);
  const { at, until } = timesOf(file);
  if (now > until + timeout || at > now + CLOCK_TOLERANCE) return true;
  if (readFile(folder, markOf(turn)) === undefined) return false;
  return now > until || (record !== undefined && stillRuns(record) === false);
}

/** When a turn was taken, and when its process has ended at the latest. */
function timesOf({ text, writtenAt }: TurnFile): Pick<TurnRecord, "at" | "until"> {
  return parseRecord(text) ?? { at: writtenAt, until: writtenAt };
}

/** What a file says; `undefined`: it is being written, or malformed. */
function parseRecord(text: string): TurnRecord | undefined {
  try {
    const record = JSON.parse(text);
    const numbers = [record.pid, record.at, record.until];
    return numbers.every(Number.isFinite) ? record : undefined;
  } catch {
    return undefined;
  }
}
