import { prepareSnapshotFolder, writeSnapshot } from "../watchdog_host.ts";
import type { Logger } from "./events.ts";
import type { HeapSnapshotOptions } from "./options.ts";

/** Takes a heap snapshot once per stay above a fraction of the limit. */
export class SnapshotTaker {
  readonly #directory: string;
  readonly #fraction: number;
  readonly #logger: Logger;
  #left: number;
  #above = false;
  taken = 0;

  constructor(options: HeapSnapshotOptions, logger: Logger) {
    this.#directory = options.directory;
    this.#fraction = options.fraction ?? 0.9;
    this.#left = options.max ?? 3;
    this.#logger = logger;
    try {
      prepareSnapshotFolder(this.#directory);
    } catch (error) {
      this.#disable(error);
    }
  }

  look(used: number, limit: number): void {
    const above = used >= limit * this.#fraction;
    const entered = above && !this.#above;
    this.#above = above;
    if (!entered || this.#left === 0) return;
    try {
      const file = writeSnapshot(this.#directory, Date.now(), ++this.taken);
      this.#left--;
      this.#logger.info?.(`watchdog: heap snapshot written to ${file}`);
    } catch (error) {
      this.taken--;
      this.#disable(error);
    }
  }

  #disable(error: unknown): void {
    this.#left = 0;
    const reason = error instanceof Error ? error.message : String(error);
    this.#logger.warn?.(
      `watchdog: no heap snapshots, cannot write to ${this.#directory}: ${reason}`,
    );
  }
}
