// The levels of the cgroup hierarchy that can bind this process, with their
// files held open.

import type { FileIo } from "../file_io.ts";
import { bytes, KernelFile } from "../kernel_file.ts";
import {
  type CgroupNames,
  HIERARCHICAL_LIMIT,
  limitOf,
  parseLimit,
  parseStat,
  parseUsage,
  ROOT_ONLY,
  THROTTLE,
  USE_HIERARCHY,
  V1,
  V2,
} from "./cgroup_files.ts";

/** What the levels say together, in bytes. Reused from sample to sample. */
export interface CgroupReading {
  current: number | undefined;
  limit: number | undefined;
  workingSet: number | undefined;
  /** The file that set `limit`, and that of the usage beside it. */
  limitSource: string | undefined;
  usageSource: string | undefined;
}

/** One folder of the hierarchy. */
class Level {
  readonly limitFile: KernelFile;
  readonly usageFile: KernelFile;
  readonly #folder: string;
  readonly #names: CgroupNames;
  readonly #io: FileIo;
  #statFile: KernelFile | undefined;

  constructor(folder: string, names: CgroupNames, io: FileIo) {
    this.#folder = folder;
    this.#names = names;
    this.#io = io;
    this.limitFile = new KernelFile(`${folder}/${names.limit}`, io);
    this.usageFile = new KernelFile(`${folder}/${names.usage}`, io);
  }

  /** memory.stat, opened only when first asked for: it costs the most to read. */
  get statFile(): KernelFile {
    return this.#statFile ??= new KernelFile(`${this.#folder}/${this.#names.stat}`, this.#io);
  }

  readLimit(): number | undefined {
    const length = this.limitFile.read();
    return length < 0 ? undefined : parseLimit(bytes, length);
  }

  readUsage(): number | undefined {
    const length = this.usageFile.read();
    return length < 0 ? undefined : parseUsage(bytes, length);
  }

  readStat(name: Uint8Array): number | undefined {
    const length = this.statFile.read();
    return length < 0 ? undefined : parseStat(bytes, length, name);
  }

  readInactiveFile(): number | undefined {
    return this.readStat(this.#names.inactiveFile);
  }

  /** Read only to explain, so it is not kept open. */
  readThrottle(): number {
    const length = readOnce(`${this.#folder}/${THROTTLE}`, this.#io);
    return (length < 0 ? undefined : parseLimit(bytes, length)) ?? Infinity;
  }

  get gone(): boolean {
    return this.limitFile.gone || this.usageFile.gone || this.#statFile?.gone === true;
  }

  close(): void {
    this.limitFile.close();
    this.usageFile.close();
    this.#statFile?.close();
  }
}

/** All levels from the process's own group up to the mount point. */
export class CgroupLevels {
  /** Those with a limit file, the process's own first. */
  readonly #levels: Level[] = [];
  /** Those without one; the first can still tell the usage. */
  readonly #unlimited: Level[] = [];
  /** Version 1: whether a group above the mount point binds. */
  #hiddenLimit = false;
  readonly #version: 1 | 2;
  /** What kept a level from being read. */
  readonly problem: string | undefined;

  constructor(version: 1 | 2, folders: string[], io: FileIo) {
    this.#version = version;
    const names = version === 1 ? V1 : V2;
    for (const folder of version === 1 ? bindingFolders(folders, io) : folders) {
      const level = new Level(folder, names, io);
      if (level.limitFile.usable) {
        this.#levels.push(level);
      } else {
        if (!level.limitFile.missing) this.problem ??= level.limitFile.problem;
        this.#unlimited.push(level);
      }
    }
    this.recheck();
  }

  /**
   * Version 1: looks anew for a limit that memory.stat knows of and that is
   * below every visible one. Too dear to ask with each sample.
   */
  recheck(): void {
    const own = this.#levels[0];
    if (this.#version === 2 || own === undefined) return;
    const hierarchical = limitOf(own.readStat(HIERARCHICAL_LIMIT) ?? NaN) ?? Infinity;
    this.#hiddenLimit = hierarchical !== Infinity &&
      this.#levels.every((level) => (level.readLimit() ?? 0) > hierarchical);
  }

  /** Whether any level has a limit file. */
  get any(): boolean {
    return this.#levels.length > 0;
  }

  /** Whether a file of a level is gone, so that the group must be found again. */
  get gone(): boolean {
    for (const level of this.#levels) if (level.gone) return true;
    return false;
  }

  /**
   * Reads every level anew. The one with the least limit − usage binds; a
   * limit above `total`, the machine's memory, is none.
   */
  read(workingSet: boolean, total: number, out: CgroupReading): void {
    clear(out);
    const levels = this.#levels;
    let least = Infinity;
    let known = true;
    for (let i = 0; i < levels.length; i++) {
      const level = levels[i]!;
      const limit = level.readLimit();
      if (limit === undefined) known = false;
      else if (limit <= total && limit !== Infinity) {
        least = this.#consider(level, limit, level.limitFile.path, workingSet, least, out);
      }
    }
    if (this.#hiddenLimit) {
      const own = levels[0]!;
      const limit = limitOf(own.readStat(HIERARCHICAL_LIMIT) ?? NaN);
      if (limit === undefined) known = false;
      else if (limit <= total && limit !== Infinity) {
        // Its usage is out of sight; the outermost group's comes nearest.
        const outermost = levels[levels.length - 1]!;
        least = this.#consider(outermost, limit, own.statFile.path, workingSet, least, out);
      }
    }
    // A level that could not be read may be the one that binds.
    if (!known) clear(out);
    else if (out.limit === undefined) out.limit = Infinity;
    else return;
    this.#readUsage(levels[0] ?? this.#unlimited[0], workingSet, out);
  }

  /** Version 2: the least throttle limit of all levels in bytes; `Infinity`: none. */
  readThrottleLimit(): number {
    if (this.#version === 1) return Infinity;
    const limits = [...this.#levels, ...this.#unlimited].map((level) => level.readThrottle());
    return Math.min(...limits, Infinity);
  }

  /** Why a figure is missing: the first file that could not be read. */
  get readProblem(): string | undefined {
    for (const level of this.#levels) {
      const problem = level.limitFile.problem ?? level.usageFile.problem;
      if (problem !== undefined) return problem;
    }
    return this.problem;
  }

  close(): void {
    for (const level of this.#levels) level.close();
    for (const level of this.#unlimited) level.close();
  }

  /** Takes this limit over if it leaves less than `least`: what is least now. */
  #consider(
    level: Level,
    limit: number,
    source: string,
    workingSet: boolean,
    least: number,
    out: CgroupReading,
  ): number {
    const current = level.readUsage();
    const set = workingSet && current !== undefined ? workingSetOf(level, current) : undefined;
    const used = set ?? current;
    // A usage that cannot be read might be all of it.
    const left = used === undefined ? -Infinity : limit - used;
    if (left >= least) return least;
    out.current = current;
    out.limit = limit;
    out.workingSet = set;
    out.limitSource = source;
    out.usageSource = level.usageFile.path;
    return left;
  }

  #readUsage(level: Level | undefined, workingSet: boolean, out: CgroupReading): void {
    if (level === undefined) return;
    out.limitSource = level.limitFile.path;
    out.usageSource = level.usageFile.path;
    out.current = level.readUsage();
    if (workingSet && out.current !== undefined) out.workingSet = workingSetOf(level, out.current);
  }
}

function workingSetOf(level: Level, current: number): number | undefined {
  const inactive = level.readInactiveFile();
  return inactive === undefined ? undefined : Math.max(0, current - inactive);
}

function clear(out: CgroupReading): void {
  out.current = undefined;
  out.limit = undefined;
  out.workingSet = undefined;
  out.limitSource = undefined;
  out.usageSource = undefined;
}

/**
 * Version 1: a group with use_hierarchy 0 does not bind those below it, and
 * the root of the hierarchy takes no limit.
 */
function bindingFolders(folders: string[], io: FileIo): string[] {
  const end = folders.findIndex((folder, i) =>
    i > 0 && (io.exists(`${folder}/${ROOT_ONLY}`) || usesNoHierarchy(folder, io))
  );
  return end === -1 ? folders : folders.slice(0, end);
}

function usesNoHierarchy(folder: string, io: FileIo): boolean {
  return readOnce(`${folder}/${USE_HIERARCHY}`, io) > 0 && bytes[0] === 0x30;
}

/** Reads into {@linkcode bytes} a file that is not kept open; -1 on failure. */
function readOnce(path: string, io: FileIo): number {
  const file = new KernelFile(path, io);
  const length = file.read();
  file.close();
  return length;
}
