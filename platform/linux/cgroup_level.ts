// One folder of the cgroup hierarchy, with its memory files held open.

import { bytes, KernelFile } from "../kernel_file.ts";
import type { OpenFiles } from "../open_files.ts";
import {
  type CgroupNames,
  HIERARCHICAL_LIMIT,
  limitOf,
  parseLimit,
  parseStat,
  parseUsage,
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
    const length = this.limitFile.read();
    return length < 0 ? undefined : parseLimit(bytes, length);
  }

  /** The usage in bytes. */
  readUsage(): number | undefined {
    const length = this.usageFile.read();
    return length < 0 ? undefined : parseUsage(bytes, length);
  }

  /** `current` less inactive page cache, in bytes. */
  readWorkingSet(current: number): number | undefined {
    const inactive = this.#readStat(this.#names.inactiveFile);
    return inactive === undefined ? undefined : Math.max(0, current - inactive);
  }

  /** Version 1: the least limit of this level and of all above it, in bytes. */
  readHierarchicalLimit(): number | undefined {
    return limitOf(this.#readStat(HIERARCHICAL_LIMIT) ?? NaN);
  }

  /** The throttle limit. Read only to explain, so it is not kept open. */
  readThrottle(): number {
    const file = this.#open(THROTTLE);
    const length = file.read();
    file.close();
    return (length < 0 ? undefined : parseLimit(bytes, length)) ?? Infinity;
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
    return this.#explainStat(this.#readStat(inactiveFile), inactiveFile);
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

  #readStat(name: Uint8Array): number | undefined {
    const length = this.statFile.read();
    return length < 0 ? undefined : parseStat(bytes, length, name);
  }

  #explainStat(value: number | undefined, name: Uint8Array): string | undefined {
    if (value !== undefined) return undefined;
    const { path, problem } = this.statFile;
    return problem ??
      `${path} is malformed: it has no line ${new TextDecoder().decode(name)} with a number`;
  }
}

/** Reads the file again to say why nothing was made of it. */
function explain(
  file: KernelFile,
  parse: (data: Uint8Array, length: number) => number | undefined,
  rule: string,
): string | undefined {
  const length = file.read();
  if (length < 0) return file.problem;
  if (parse(bytes, length) !== undefined) return undefined;
  const text = new TextDecoder().decode(bytes.subarray(0, Math.min(length, QUOTED)));
  return `${file.path} is malformed: ${JSON.stringify(text.trim())} is ${rule}`;
}
