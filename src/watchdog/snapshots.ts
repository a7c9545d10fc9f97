import { formatBytes } from "../bytes.ts";
import type { MemInfo } from "../mem_info.ts";
import { prepareFolder, snapshotNeeds, writeSnapshot } from "../host/watchdog.ts";
import type { Logger } from "./events.ts";
import type { Reading } from "./gauge.ts";
import type { SnapshotSettings } from "./settings.ts";

/** Takes a heap snapshot once per stay above a share of the limit, where there is room. */
export class SnapshotTaker {
  readonly #directory: string;
  /** Fraction of the limit. */
  readonly #at: number;
  readonly #logger: Logger;
  #left: number;
  /** Of the present stay above that share. */
  #state: "below" | "no room" | "done" = "below";
  taken = 0;
  skipped = 0;
  /** The last file, or why there is none. */
  outcome: { file: string } | { reason: string } = { reason: "usage has not been high enough" };

  constructor({ directory, at, max }: SnapshotSettings, logger: Logger) {
    this.#directory = directory;
    this.#at = at;
    this.#left = max;
    this.#logger = logger;
    try {
      prepareFolder(this.#directory);
    } catch (error) {
      this.#disable(error);
    }
  }

  /** The share of the limit below which samples need not be exact. */
  get from(): number {
    return this.#at;
  }

  look({ used, limit }: Reading, info: MemInfo): void {
    if (used < limit * this.#at) {
      this.#state = "below";
    } else if (this.#state !== "done" && this.#left > 0 && this.#hasRoom(info)) {
      this.#state = "done";
      this.#take();
    }
  }

  #take(): void {
    let file: string;
    try {
      file = writeSnapshot(this.#directory, Date.now(), this.taken + 1);
    } catch (error) {
      this.skipped++;
      this.#disable(error);
      return;
    }
    this.taken++;
    this.#left--;
    this.outcome = { file };
    this.#logger.info?.(`watchdog: heap snapshot written to ${file}`);
  }

  /** Room may come later in the same stay: garbage counts as heap until it is collected. */
  #hasRoom(info: MemInfo): boolean {
    const problem = findProblem(info);
    if (problem === undefined) return true;
    this.outcome = { reason: problem };
    if (this.#state !== "no room") {
      this.#state = "no room";
      this.skipped++;
      this.#logger.warn?.(`watchdog: no heap snapshot, ${problem}`);
    }
    return false;
  }

  #disable(error: unknown): void {
    this.#left = 0;
    const reason = error instanceof Error ? error.message : String(error);
    this.outcome = { reason };
    this.#logger.warn?.(
      `watchdog: no heap snapshots, cannot write to ${this.#directory}: ${reason}`,
    );
  }
}

/** Why a snapshot would not fit below each ceiling, or `undefined` if it would. */
function findProblem(info: MemInfo): string | undefined {
  if (info.heapUsed === undefined) return "heapUsed is not known";
  const needs = snapshotNeeds(info.heapUsed);
  // The snapshot is built outside the engine's heap, so heapLimit is no ceiling to it.
  let known = false;
  for (const [name, left] of whatIsLeft(info)) {
    if (left === undefined) continue;
    known = true;
    if (left < needs) {
      return `it may take ${formatBytes(needs)} for ${formatBytes(info.heapUsed)} of heap, ` +
        `and ${formatBytes(left)} are left in the ${name}`;
    }
  }
  return known ? undefined : "neither the cgroup's nor the host's memory is known";
}

/** Bytes left below each ceiling outside the engine, by name; `undefined`: unknown, or none. */
export function whatIsLeft(info: MemInfo): [string, number | undefined][] {
  const { cgroupLimit, systemAvailable } = info;
  const limited = cgroupLimit !== undefined && cgroupLimit !== Infinity;
  return [["cgroup", limited ? info.headroom() : undefined], ["host", systemAvailable]];
}
