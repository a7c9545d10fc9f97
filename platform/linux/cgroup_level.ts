// One folder of the cgroup hierarchy, with its memory files held open.

import type { CgroupEvents } from "../../src/cgroup_events.ts";
import { KernelFile } from "../kernel_file.ts";
import type { OpenFiles } from "../open_files.ts";
import { type EventFiles, openEventFiles } from "./cgroup_events.ts";
import {
  type CgroupNames,
  HIERARCHICAL_LIMIT,
  notALimit,
  notAUsage,
  parseLimit,
  parseUsage,
  THROTTLE,
  V1,
} from "./cgroup_files.ts";

/** One level. What cannot be read of it is `undefined`; the file's `problem` then says why. */
export class CgroupLevel {
  readonly limitFile: KernelFile;
  readonly #folder: string;
  readonly #names: CgroupNames;
  readonly #files: OpenFiles;
  #usageFile: KernelFile | undefined;
  #statFile: KernelFile | undefined;
  #eventFiles: EventFiles | undefined;

  constructor(folder: string, names: CgroupNames, files: OpenFiles) {
    this.#folder = folder;
    this.#names = names;
    this.#files = files;
    this.limitFile = new KernelFile(`${folder}/${names.limit}`, files);
    // Held from the start, in case no descriptor is left when it is needed.
    if (this.limitFile.usable) this.usageFile;
  }

  /** The usage's file. */
  get usageFile(): KernelFile {
    return this.#usageFile ??= this.#open(this.#names.usage);
  }

  /** memory.stat, opened only when first asked for: this file is the slowest to read. */
  get statFile(): KernelFile {
    return this.#statFile ??= this.#open(this.#names.stat);
  }

  /** The hard limit in bytes, `Infinity` for none. */
  readLimit(): number | undefined {
    return this.limitFile.read(parseLimit, notALimit);
  }

  /** The usage in bytes. */
  readUsage(): number | undefined {
    return this.usageFile.read(parseUsage, notAUsage);
  }

  /** `current` less inactive page cache, in bytes. */
  readWorkingSet(current: number): number | undefined {
    const { inactiveFile } = this.#names;
    const inactive = this.statFile.read(inactiveFile.parse, inactiveFile.complain);
    return inactive === undefined ? undefined : Math.max(0, current - inactive);
  }

  /** Version 1: the least limit of this level and of all above it, in bytes. */
  readHierarchicalLimit(): number | undefined {
    return this.statFile.read(HIERARCHICAL_LIMIT.parse, HIERARCHICAL_LIMIT.complain);
  }

  /** The kernel's event counters, whose files are opened only when first asked for. */
  readEvents(): CgroupEvents | undefined {
    const version = this.#names === V1 ? 1 : 2;
    this.#eventFiles ??= openEventFiles(version, this.#folder, this.#files);
    return this.#eventFiles.read();
  }

  /** The throttle limit. Read only to explain, so it is not kept open. */
  readThrottle(): number {
    const file = this.#open(THROTTLE);
    const limit = file.read(parseLimit);
    file.close();
    return limit ?? Infinity;
  }

  /** Whether a file was there and is not any more. */
  get gone(): boolean {
    return this.limitFile.gone || this.#usageFile?.gone === true ||
      this.#statFile?.gone === true || this.#eventFiles?.gone === true;
  }

  /** Tries again to open the files that could not be opened. */
  retry(): void {
    this.limitFile.retry();
    this.#usageFile?.retry();
    this.#statFile?.retry();
  }

  close(): void {
    this.limitFile.close();
    this.#usageFile?.close();
    this.#statFile?.close();
    this.#eventFiles?.close();
  }

  #open(name: string): KernelFile {
    return new KernelFile(`${this.#folder}/${name}`, this.#files);
  }
}
