// memory.events of cgroup v2: the kernel notifies a file watch when the group
// hits memory.high or memory.max.

import fs from "node:fs";
import { describeError } from "../file_io.ts";

/** One set of file watches for any number of listeners. */
export class MemoryEvents {
  readonly #listeners = new Set<() => void>();
  #paths: string[] = [];
  #watchers: fs.FSWatcher[] = [];
  /** Why the last attempt to watch failed. */
  problem: string | undefined;

  /** Watches these files from now on, if anyone listens. */
  follow(paths: string[]): void {
    this.#close();
    this.#paths = paths;
    if (this.#listeners.size > 0) this.#open();
  }

  /** Calls `wake` at each event until the returned function is called. */
  listen(wake: () => void): (() => void) | undefined {
    if (this.#listeners.size === 0 && !this.#open()) return undefined;
    // A function of its own, so that one callback can listen twice.
    const listener = () => wake();
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#close();
    };
  }

  close(): void {
    this.#listeners.clear();
    this.#close();
  }

  #open(): boolean {
    this.problem = undefined;
    for (const path of this.#paths) {
      try {
        const watcher = fs.watch(path, { persistent: false }, this.#wakeAll);
        // A group that is removed takes its watch along; the next sample
        // finds the new place.
        watcher.on("error", (error) => {
          this.problem = describeError(error, path);
          this.#close();
        });
        this.#watchers.push(watcher);
      } catch (error) {
        this.problem = describeError(error, path);
        this.#close();
        return false;
      }
    }
    return this.#paths.length > 0;
  }

  #close(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }

  readonly #wakeAll = (): void => {
    for (const listener of this.#listeners) listener();
  };
}
