import { formatBytes } from "../bytes.ts";
import type { MemInfo } from "../mem_info.ts";
import { prepareFolder, snapshotNeeds, writeSnapshot } from "../host/watchdog.ts";
import { messageOf } from "../thrown.ts";
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
    const reason = messageOf(error);
    this.outcome = { reason };
    this.#logger.warn?.(
      `watchdog: no heap snapshots, cannot write to ${this.#directory}: ${reason}`,
    );
  }
}

/** Why a snapshot would not fit below each ceiling, or `undefined` if it would. */
function findProblem(info: MemInfo): string | undefined {
  if (info.heapUsed === undefined) return "heapUsed is not known";
  // The snapshot is built outside the engine's heap, so heapLimit is no ceiling to it.
  if (memoryLeft(info).length === 0) return "neither the cgroup's nor the host's memory is known";
  const needs = snapshotNeeds(info.heapUsed);
  return findShortage(info, needs, ` for ${formatBytes(info.heapUsed)} of heap`);
}

/** Why so many bytes do not fit below a ceiling outside the engine; `undefined`: they fit. */
export function findShortage(info: MemInfo, needs: number, purpose = ""): string | undefined {
  const [name, left] = memoryLeft(info).find(([, left]) => left < needs) ?? [];
  return left === undefined
    ? undefined
    : `it may take ${formatBytes(needs)}${purpose}, and ${
      formatBytes(left)
    } are left in the ${name}`;
}

/** Bytes left below each known ceiling outside the engine, by name. */
function memoryLeft(info: MemInfo): [string, number][] {
  const { cgroupLimit, systemAvailable } = info;
  const limited = cgroupLimit !== undefined && cgroupLimit !== Infinity;
  const headroom = limited ? info.headroom() : undefined;
  const left: [string, number][] = [];
  if (headroom !== undefined) left.push(["cgroup", headroom]);
  if (systemAvailable !== undefined) left.push(["host", systemAvailable]);
  return left;
}
