// One folder of the cgroup hierarchy, with its memory files held open.

import { KernelFile, type Parse } from "../kernel_file.ts";
import type { OpenFiles } from "../open_files.ts";
import {
  type CgroupNames,
  HIERARCHICAL_LIMIT,
  limitOf,
  parseLimit,
  parseUsage,
  type StatLine,
  THROTTLE,
} from "./cgroup_files.ts";

/** How many bytes of a malformed file are quoted. */
const QUOTED = 40;

/** One level; what cannot be read of it is `undefined`. */
export class CgroupLevel {
  readonly limitFile: KernelFile;
  readonly #folder: string;
  readonly #names: CgroupNames;
  readonly #files: OpenFiles;
  #usageFile: KernelFile | undefined;
  #statFile: KernelFile | undefined;

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
    return this.limitFile.read(parseLimit);
  }

  /** The usage in bytes. */
  readUsage(): number | undefined {
    return this.usageFile.read(parseUsage);
  }

  /** `current` less inactive page cache, in bytes. */
  readWorkingSet(current: number): number | undefined {
    const inactive = this.statFile.read(this.#names.inactiveFile.parse);
    return inactive === undefined ? undefined : Math.max(0, current - inactive);
  }

  /** Version 1: the least limit of this level and of all above it, in bytes. */
  readHierarchicalLimit(): number | undefined {
    return limitOf(this.statFile.read(HIERARCHICAL_LIMIT.parse) ?? NaN);
  }

  /** The throttle limit. Read only to explain, so it is not kept open. */
  readThrottle(): number {
    const file = this.#open(THROTTLE);
    const limit = file.read(parseLimit);
    file.close();
    return limit ?? Infinity;
  }

  /** Why the limit cannot be read; `undefined` if it can, or if there is no such file. */
  explainLimit(): string | undefined {
    return this.limitFile.missing
      ? undefined
      : explain(this.limitFile, parseLimit, "neither a size nor the word for no limit");
  }

  /** Why the usage cannot be read; `undefined` if it can. */
  explainUsage(): string | undefined {
    return explain(this.usageFile, parseUsage, "not a size");
  }

  /** Why the working set cannot be read although the usage can. */
  explainWorkingSet(): string | undefined {
    const { inactiveFile } = this.#names;
    return this.#explainStat(this.statFile.read(inactiveFile.parse), inactiveFile);
  }

  /** Version 1: why hierarchical_memory_limit cannot be read. */
  explainHierarchicalLimit(): string | undefined {
    return this.#explainStat(this.readHierarchicalLimit(), HIERARCHICAL_LIMIT);
  }

  /** Whether a file was there and is not any more. */
  get gone(): boolean {
    return this.limitFile.gone || this.#usageFile?.gone === true || this.#statFile?.gone === true;
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
  }

  #open(name: string): KernelFile {
    return new KernelFile(`${this.#folder}/${name}`, this.#files);
  }

  #explainStat(value: number | undefined, { name }: StatLine): string | undefined {
    if (value !== undefined) return undefined;
    const { path, problem } = this.statFile;
    return problem ?? `${path} is malformed: it has no line ${name} with a number`;
  }
}

/** Reads the file again to say why nothing was made of it. */
function explain(
  file: KernelFile,
  parse: Parse<number | undefined>,
  rule: string,
): string | undefined {
  const problem = file.read((data, length) => {
    if (parse(data, length) !== undefined) return undefined;
    const text = new TextDecoder().decode(data.subarray(0, Math.min(length, QUOTED)));
    return `${file.path} is malformed: ${JSON.stringify(text.trim())} is ${rule}`;
  });
  return file.problem ?? problem;
}
