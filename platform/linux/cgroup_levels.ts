// The levels of the cgroup hierarchy that can bind this process, read together.

import type { CgroupEvents } from "../../src/cgroup_events.ts";
import { KernelFile } from "../kernel_file.ts";
import type { OpenFiles } from "../open_files.ts";
import { STATED_LIMIT } from "../stated_limit.ts";
import { ROOT_ONLY, USE_HIERARCHY, V1, V2 } from "./cgroup_files.ts";
import { CgroupLevel } from "./cgroup_level.ts";

/**
 * What the levels say together, in bytes, and why a value is missing. Reused
 * from sample to sample.
 */
export interface CgroupReading {
  /**
   * Usage of the effective level. If it cannot be read, that of the nearest
   * level below stands in, which is never more.
   */
  current: number | undefined;
  /** Of the levels whose limit can be read, the limit that leaves the least. */
  limit: number | undefined;
  workingSet: number | undefined;
  /** The file that set `limit`, and that of the usage. */
  limitSource: string | undefined;
  usageSource: string | undefined;
  /** Whether another level stands in with its usage. */
  estimate: boolean;
  /** Whether `limit` is unknown only for a shortage of descriptors or memory. */
  waiting: boolean;
  /** Whether any level has a limit file. */
  controlled: boolean;
  /** For each limit that cannot be read, why. */
  readonly limitProblems: string[];
  /** Why the usage of the level with this limit cannot be read. */
  usageProblem: string | undefined;
  /** Why the working set cannot be read although the usage can. */
  workingSetProblem: string | undefined;
  /** Whether the resident set of this process stands in for the usage. */
  rssStandsIn: boolean;
  /** Whether the limit that the user stated is above host memory. */
  statedIgnored: boolean;
}

/** What is wanted of the levels. */
export interface CgroupWishes {
  /** Whether usage is the working set. */
  readonly workingSet: boolean;
  /** Headroom in bytes that is enough by `current` alone: memory.stat is then not read. */
  readonly enough: number;
  /** Whether the usage is wanted where there is no limit. */
  readonly ownUsage: boolean;
  /** Bytes that this process alone uses, where no usage can be read. */
  readonly leastUsed: () => number;
  /** The limit that the user stated, in bytes; `Infinity`: none. */
  readonly stated: number;
}

/** A reading in which nothing is known. */
export function emptyReading(): CgroupReading {
  return {
    current: undefined,
    limit: undefined,
    workingSet: undefined,
    limitSource: undefined,
    usageSource: undefined,
    estimate: false,
    waiting: false,
    controlled: false,
    limitProblems: [],
    usageProblem: undefined,
    workingSetProblem: undefined,
    rssStandsIn: false,
    statedIgnored: false,
  };
}

/**
 * Takes over the limit that the user stated, with the resident set of this
 * process for want of a usage, if it leaves less than `least`.
 */
export function considerStated(wishes: CgroupWishes, least: number, out: CgroupReading): void {
  const rss = wishes.leastUsed();
  if (wishes.stated - rss >= least) return;
  out.current = rss > 0 ? rss : undefined;
  out.limit = wishes.stated;
  out.workingSet = undefined;
  out.limitSource = STATED_LIMIT;
  out.usageSource = undefined;
  out.estimate = false;
  out.waiting = false;
  out.rssStandsIn = true;
}

/** All levels from the process's own group up to the mount point. */
export class CgroupLevels {
  /** The process's own level first. */
  readonly #levels: CgroupLevel[];
  /** Version 1: whether a group that cannot be read binds. */
  #hiddenLimit = false;
  readonly #version: 1 | 2;
  readonly #files: OpenFiles;
  /** The process's own group. */
  readonly #folder: string;
  #root: boolean | undefined;
  /** Why a shortage hides what binds; see {@linkcode CgroupLevels.waiting}. */
  #shortage: string | undefined;

  constructor(version: 1 | 2, folders: string[], files: OpenFiles) {
    this.#version = version;
    this.#files = files;
    this.#folder = folders[0]!;
    const names = version === 1 ? V1 : V2;
    const binding = version === 1 ? this.#bindingFolders(folders, files) : folders;
    this.#levels = binding.map((folder) => new CgroupLevel(folder, names, files));
    this.recheck();
  }

  /**
   * Looks again for limit files that were missing. Version 1: looks again for
   * a limit that memory.stat knows of and that is below every readable one.
   * Too expensive for each sample.
   */
  recheck(): void {
    for (const level of this.#levels) level.retry();
    const own = this.#own;
    if (this.#version === 2 || own === undefined) return;
    const hierarchical = own.readHierarchicalLimit() ?? Infinity;
    this.#noteShortage(own.statFile);
    this.#hiddenLimit = this.#levels.every((level) =>
      (level.readLimit() ?? Infinity) > hierarchical
    );
  }

  /** Whether any level has a limit file. */
  get any(): boolean {
    return this.#own !== undefined;
  }

  /** Whether a file of a level is gone, so that the group must be found again. */
  get gone(): boolean {
    for (const level of this.#levels) if (level.gone) return true;
    return false;
  }

  /** Whether a shortage kept something from being read that decides what binds. */
  get waiting(): boolean {
    return this.#shortage !== undefined;
  }

  /**
   * Reads every level. Each limit that can be read is an upper bound, whatever
   * the other levels hide. The one with the least limit − usage is effective.
   *
   * @param total Host memory in bytes: a limit above it is ignored.
   */
  read(wishes: CgroupWishes, total: number, out: CgroupReading): void {
    clear(out);
    const levels = this.#levels;
    let least = Infinity;
    let known = !this.waiting;
    let waiting = this.waiting;
    if (this.#shortage !== undefined) out.limitProblems.push(this.#shortage);
    let unread = -1;
    for (let i = 0; i < levels.length; i++) {
      const level = levels[i]!;
      if (level.limitFile.missing) continue;
      out.controlled = true;
      const limit = level.readLimit();
      if (limit === undefined) {
        known = false;
        out.limitProblems.push(level.limitFile.problem!);
        waiting ||= level.limitFile.waiting;
        if (unread === -1) unread = i;
      } else if (limit <= total) {
        least = this.#consider(i, limit, level.limitFile.path, wishes, least, out);
      }
    }
    if (this.#hiddenLimit) {
      const own = this.#own!;
      const limit = own.readHierarchicalLimit();
      if (limit === undefined) {
        known = false;
        out.limitProblems.push(own.statFile.problem!);
        waiting ||= own.statFile.waiting;
      } else if (limit <= total) {
        // It belongs to a level that cannot be read, or to one out of sight
        // above the outermost. Neither uses less than the level named here.
        const at = unread === -1 ? levels.length - 1 : unread;
        least = this.#consider(at, limit, own.statFile.path, wishes, least, out);
      }
    }
    if (wishes.stated !== Infinity) this.#considerStated(wishes, total, least, out);
    if (out.limit !== undefined) return;
    if (known) out.limit = Infinity;
    out.waiting = waiting;
    if (wishes.ownUsage) this.#readOwnUsage(wishes.workingSet, out);
  }

  /** Version 2: the least throttle limit of all levels in bytes; `Infinity`: none. */
  readThrottleLimit(): number {
    if (this.#version === 1) return Infinity;
    return Math.min(...this.#levels.map((level) => level.readThrottle()), Infinity);
  }

  /** The kernel's event counters of the innermost level that accounts for memory. */
  readEvents(): CgroupEvents | undefined {
    return this.#own?.readEvents();
  }

  close(): void {
    for (const level of this.#levels) level.close();
  }

  /** The innermost level with a limit file. */
  get #own(): CgroupLevel | undefined {
    for (const level of this.#levels) if (!level.limitFile.missing) return level;
    return undefined;
  }

  /** Takes this limit over if it leaves less than `least`; returns the new least. */
  #consider(
    at: number,
    limit: number,
    source: string,
    { workingSet, enough, leastUsed }: CgroupWishes,
    least: number,
    out: CgroupReading,
  ): number {
    let level = this.#levels[at]!;
    let current = level.readUsage();
    const usageProblem = level.usageFile.problem;
    // Memory is charged to every level above it too, so a level below tells
    // the least that this one uses.
    for (let below = at - 1; current === undefined && below >= 0; below--) {
      level = this.#levels[below]!;
      current = level.readUsage();
    }
    const asked = workingSet && current !== undefined && limit - current < enough;
    const set = asked ? level.readWorkingSet(current!) : undefined;
    const left = limit - (set ?? current ?? leastUsed());
    if (left >= least) return least;
    out.current = current;
    out.limit = limit;
    out.workingSet = set;
    out.limitSource = source;
    // Where no level's usage can be read, the effective level's file is named.
    out.usageSource = (current === undefined ? this.#levels[at]! : level).usageFile.path;
    out.estimate = level !== this.#levels[at];
    out.usageProblem = usageProblem;
    out.workingSetProblem = asked ? level.statFile.problem : undefined;
    return left;
  }

  /** The limit that the user stated counts as one of the process's own group. */
  #considerStated(wishes: CgroupWishes, total: number, least: number, out: CgroupReading): void {
    out.statedIgnored = wishes.stated > total;
    if (out.statedIgnored) return;
    const at = this.#isRoot ? -1 : this.#levels.findIndex((level) => !level.limitFile.missing);
    if (at !== -1) {
      this.#consider(at, wishes.stated, STATED_LIMIT, wishes, least, out);
      if (out.limitSource !== STATED_LIMIT || out.current !== undefined) return;
    }
    considerStated(wishes, least, out);
  }

  /** Version 1: whether the own group is the root, whose usage is that of the host. */
  get #isRoot(): boolean {
    return this.#root ??= this.#files.io.exists(`${this.#folder}/${ROOT_ONLY}`);
  }

  #readOwnUsage(workingSet: boolean, out: CgroupReading): void {
    const level = this.#own ?? this.#levels[0]!;
    out.limitSource = level.limitFile.path;
    out.usageSource = level.usageFile.path;
    out.current = level.readUsage();
    out.usageProblem = level.usageFile.problem;
    if (workingSet && out.current !== undefined) {
      out.workingSet = level.readWorkingSet(out.current);
      out.workingSetProblem = level.statFile.problem;
    }
  }

  /**
   * Version 1: a group with use_hierarchy 0 does not bind those below it, and
   * the root of the hierarchy takes no limit.
   */
  #bindingFolders(folders: string[], files: OpenFiles): string[] {
    const end = folders.findIndex((folder, i) =>
      i > 0 && (files.io.exists(`${folder}/${ROOT_ONLY}`) || this.#usesNoHierarchy(folder, files))
    );
    return end === -1 ? folders : folders.slice(0, end);
  }

  #usesNoHierarchy(folder: string, files: OpenFiles): boolean {
    const file = new KernelFile(`${folder}/${USE_HIERARCHY}`, files);
    const isZero = file.read((data, length) => length > 0 && data[0] === 0x30);
    this.#noteShortage(file);
    file.close();
    return isZero === true;
  }

  #noteShortage({ waiting, problem }: KernelFile): void {
    if (waiting) this.#shortage = problem;
  }
}

/** Makes a reading say that nothing is known. */
export function clear(out: CgroupReading): void {
  out.current = undefined;
  out.limit = undefined;
  out.workingSet = undefined;
  out.limitSource = undefined;
  out.usageSource = undefined;
  out.estimate = false;
  out.waiting = false;
  out.controlled = false;
  out.limitProblems.length = 0;
  out.usageProblem = undefined;
  out.workingSetProblem = undefined;
  out.rssStandsIn = false;
  out.statedIgnored = false;
}
