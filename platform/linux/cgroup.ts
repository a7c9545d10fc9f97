// This process's cgroup: where it is, kept up to date, and what it says.

import type { CgroupEvents } from "../../src/cgroup_events.ts";
import { describeError, errorCode } from "../file_io.ts";
import { KernelFile } from "../kernel_file.ts";
import { isTransient, type OpenFiles } from "../open_files.ts";
import {
  CgroupLevels,
  type CgroupReading,
  type CgroupWishes,
  clear,
  considerStated,
  emptyReading,
} from "./cgroup_levels.ts";
import { type CgroupPlace, locateCgroup } from "./cgroup_place.ts";
import { MemoryEvents } from "./memory_events.ts";
import { parseSelfCgroup } from "./proc_self_cgroup.ts";
import { parseMountinfo } from "./proc_self_mountinfo.ts";

/**
 * How often, in milliseconds, it is checked that the process is still in the
 * same group, and that no file has appeared. Files of the old group stay
 * readable, so nothing else tells.
 */
export const RECHECK_PERIOD = 5_000;

/** How old, in milliseconds, the throttle limit may be. */
export const THROTTLE_PERIOD = 1_000;

/** What the levels say, and where they were at that moment. Reused from sample to sample. */
export interface PlacedReading extends CgroupReading {
  place: CgroupPlace;
  /** Why "no limit" cannot be told from "cannot see"; `undefined`: it can. */
  doubt: string | undefined;
}

/** A reading in which nothing is known. */
export function emptyPlacedReading(): PlacedReading {
  const place: CgroupPlace = { kind: "none", reason: "not sampled yet" };
  return { ...emptyReading(), place, doubt: undefined };
}

/** Finds the group, reads its levels, and finds it again when it moves. */
export class Cgroup {
  readonly #base: string;
  readonly #files: OpenFiles;
  readonly #pid: number | undefined;
  readonly #selfCgroup: KernelFile;
  /** The text of /proc/self/cgroup that `#place` was found by. */
  #self: Uint8Array = new Uint8Array();
  #place!: CgroupPlace;
  /** `#place` as it was found, to tell whether it has changed. */
  #found!: string;
  #levels: CgroupLevels | undefined;
  /** See {@linkcode Cgroup.doubt}. */
  #doubt: string | undefined;
  /** Whether a shortage kept the place from being found. */
  #waiting!: boolean;
  #checkedAt = 0;
  #throttleLimit = Infinity;
  #throttleReadAt = -Infinity;
  #checks = 0;
  /** The kernel's events when a level hits a limit. */
  readonly events: MemoryEvents = new MemoryEvents();

  /** @param pid The process, if it is another one than this. */
  constructor(base: string, files: OpenFiles, pid?: number) {
    this.#base = base;
    this.#files = files;
    this.#pid = pid;
    this.#selfCgroup = new KernelFile(`${base}/proc/${pid ?? "self"}/cgroup`, files);
    this.#resolve();
    this.#checkedAt = Date.now();
  }

  /** Where the group is. */
  get place(): CgroupPlace {
    return this.#place;
  }

  /** The file that the place was found by. */
  get placeSource(): string {
    return this.#selfCgroup.path;
  }

  /** Whether any level has a limit file. */
  get controlled(): boolean {
    return this.#levels?.any ?? false;
  }

  /** Why "no limit" cannot be told from "cannot see"; `undefined`: it can. */
  get doubt(): string | undefined {
    return this.#doubt;
  }

  /** The process's own group, if it is visible. */
  get ownFolder(): string | undefined {
    return this.#place.kind === "found" ? this.#place.folders[0] : undefined;
  }

  /**
   * The least throttle limit of all levels in bytes; `Infinity`: none. It only
   * explains, and is read at most once per {@linkcode THROTTLE_PERIOD}.
   *
   * @param now Milliseconds that never go back.
   */
  throttleLimit(now: number): number {
    if (now - this.#throttleReadAt >= THROTTLE_PERIOD) {
      this.#throttleReadAt = now;
      this.#throttleLimit = this.#levels?.readThrottleLimit() ?? Infinity;
    }
    return this.#throttleLimit;
  }

  /** A number that changes each time the place has been checked. */
  get checks(): number {
    return this.#checks;
  }

  /**
   * Reads every level.
   *
   * @param now Milliseconds since the epoch, to know when to check the place.
   * @param total Host memory in bytes: a limit above it is ignored.
   */
  read(now: number, wishes: CgroupWishes, total: number, out: PlacedReading): void {
    if (this.#waiting || this.#levels?.waiting) {
      this.#resolve();
    } else if (now - this.#checkedAt >= RECHECK_PERIOD || now < this.#checkedAt) {
      this.#checkedAt = now;
      this.#recheck();
    }
    this.#readLevels(wishes, total, out);
    if (this.#levels?.gone) {
      this.#resolve();
      this.#readLevels(wishes, total, out);
    }
    out.place = this.#place;
    out.doubt = this.#doubt;
  }

  /** The kernel's event counters of the process's own cgroup. */
  readEvents(): CgroupEvents | undefined {
    const events = this.#levels?.readEvents();
    if (!this.#levels?.gone) return events;
    this.#resolve();
    return this.#levels?.readEvents();
  }

  close(): void {
    this.events.close();
    this.#selfCgroup.close();
    this.#levels?.close();
  }

  #readLevels(wishes: CgroupWishes, total: number, out: CgroupReading): void {
    if (this.#levels === undefined) {
      clear(out);
      out.waiting = this.#waiting;
      out.limit = this.#doubt === undefined ? Infinity : undefined;
      if (wishes.stated === Infinity) return;
      out.statedIgnored = wishes.stated > total;
      if (!out.statedIgnored) considerStated(wishes, Infinity, out);
      return;
    }
    this.#levels.read(wishes, total, out);
    if (out.limit === Infinity && this.#doubt !== undefined) out.limit = undefined;
  }

  #recheck(): void {
    this.#checks++;
    this.#selfCgroup.retry();
    const same = this.#selfCgroup.read((data, length) => sameBytes(this.#self, data, length));
    if (same === false || (same && this.#changed())) return this.#resolve();
    this.#levels?.recheck();
    this.#findDoubt();
    this.events.follow(this.#eventFiles(), false);
  }

  /** Whether a mount has appeared that tells what could not be told before. */
  #changed(): boolean {
    if (this.#doubt === undefined) return false;
    try {
      return JSON.stringify(this.#locate()) !== this.#found;
    } catch {
      // What keeps mountinfo from being read now says nothing of the place.
      return false;
    }
  }

  #resolve(): void {
    this.#checks++;
    this.#levels?.close();
    this.#levels = undefined;
    this.#find();
    this.events.follow(this.#eventFiles(), true);
  }

  /** Every level's file: the one that is hit need not be the own one. */
  #eventFiles(): string[] {
    const place = this.#place;
    if (place.kind !== "found" || place.version === 1) return [];
    return place.folders.map((folder) => `${folder}/memory.events`)
      .filter((path) => this.#files.io.exists(path));
  }

  #find(): void {
    this.#waiting = false;
    const self = this.#selfCgroup.read((data, length) => data.slice(0, length));
    if (self === undefined) {
      return this.#unknown(this.#selfCgroup.problem!, this.#selfCgroup.waiting);
    }
    this.#self = self;
    let place: CgroupPlace;
    try {
      place = this.#locate();
    } catch (error) {
      // Forgotten, so that the next check tries again.
      this.#self = new Uint8Array();
      return this.#unknown(describeError(error, this.#mountinfo), isTransient(error));
    }
    this.#found = JSON.stringify(place);
    this.#place = place;
    if (place.kind === "found") {
      this.#levels = new CgroupLevels(place.version, place.folders, this.#files);
    }
    this.#findDoubt();
  }

  #locate(): CgroupPlace {
    const pid = this.#pid;
    if (pid === undefined) return this.#locateBy(this.#mountinfo, this.#base);
    // The mounts of this process show it, or those of the other one do.
    const views = [
      () => this.#locateBy(this.#mountinfo, this.#base),
      () => {
        const folder = `${this.#base}/proc/${pid}`;
        return this.#locateBy(`${folder}/mountinfo`, `${folder}/root`);
      },
    ];
    const problems: string[] = [];
    for (const view of views) {
      try {
        const place = view();
        if (place.kind === "none") return place;
        if (place.kind === "unknown") problems.push(place.reason);
        else if (place.uncertain !== undefined) problems.push(place.uncertain);
        else if (this.#files.io.exists(place.folders[0]!)) return place;
        else problems.push(`this user does not see ${place.folders[0]}`);
      } catch (error) {
        if (isTransient(error)) throw error;
        problems.push(`cannot read the mounts: ${errorCode(error) ?? (error as Error).message}`);
      }
    }
    const reason = `the cgroup of process ${pid} is not visible: ${problems.join("; ")}`;
    return { kind: "unknown", version: 2, reason };
  }

  /**
   * @param mountinfo The file that tells the mounts.
   * @param base The folder that their mount points are below.
   */
  #locateBy(mountinfo: string, base: string): CgroupPlace {
    const decoder = new TextDecoder();
    const mounts = parseMountinfo(decoder.decode(this.#files.readAll(mountinfo)));
    const lines = parseSelfCgroup(decoder.decode(this.#self));
    const exists = (folder: string) => this.#files.io.exists(base + folder);
    const place = locateCgroup(lines, mounts, exists);
    if (place.kind === "found") place.folders = place.folders.map((folder) => base + folder);
    return place;
  }

  get #mountinfo(): string {
    return `${this.#base}/proc/self/mountinfo`;
  }

  #findDoubt(): void {
    const place = this.#place;
    if (place.kind === "found") {
      this.#doubt = place.uncertain ?? this.#missing(place.folders[0]!) ??
        (this.#levels!.any ? undefined : place.elsewhere);
    } else {
      this.#doubt = place.kind === "unknown" ? place.reason : undefined;
    }
  }

  /** Levels above it still bind, but that it had no limit cannot be said. */
  #missing(own: string): string | undefined {
    return this.#files.io.exists(own) ? undefined : `the group's folder ${own} is not there`;
  }

  #unknown(reason: string, waiting: boolean): void {
    this.#place = { kind: "unknown", version: 2, reason };
    this.#doubt = reason;
    this.#waiting = waiting;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array, length: number): boolean {
  if (a.length !== length) return false;
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}
