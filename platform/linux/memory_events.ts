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

  /**
   * Watches these files from now on, while anyone listens.
   *
   * @param moved Whether files of the same names may be other ones.
   */
  follow(paths: string[], moved: boolean): void {
    const watched = this.#watchers.length === paths.length;
    if (!moved && watched && paths.every((path, i) => path === this.#paths[i])) return;
    this.#close();
    this.#paths = paths;
    if (this.#listeners.size > 0) this.#open();
  }

  /** Whether there is a file to watch. */
  get available(): boolean {
    return this.#paths.length > 0;
  }

  /** Calls `wake` at each event until the returned function is called. */
  listen(wake: () => void): () => void {
    // A function of its own, so that one callback can listen twice.
    const listener = () => wake();
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#open();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#close();
    };
  }

  close(): void {
    this.#listeners.clear();
    this.#close();
  }

  #open(): void {
    this.problem = undefined;
    for (const path of this.#paths) {
      try {
        const watcher = fs.watch(path, { persistent: false }, this.#wakeAll);
        // A group that is removed takes its watch along; the next check of the
        // place watches again.
        watcher.on("error", (error) => this.#fail(error, path));
        this.#watchers.push(watcher);
      } catch (error) {
        return this.#fail(error, path);
      }
    }
  }

  #fail(error: unknown, path: string): void {
    this.problem = describeError(error, path);
    this.#close();
  }

  #close(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }

  readonly #wakeAll = (): void => {
    for (const listener of this.#listeners) listener();
  };
}
