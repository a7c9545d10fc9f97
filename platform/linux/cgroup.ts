// This process's cgroup: where it is, kept up to date, and what it says.

import type { Signal, Signals } from "../../src/sampler.ts";
import { unavailable } from "../engine.ts";
import { describeError, type FileIo } from "../file_io.ts";
import { bytes, KernelFile } from "../kernel_file.ts";
import { CgroupLevels, type CgroupReading } from "./cgroup_levels.ts";
import { type CgroupPlace, locateCgroup } from "./cgroup_place.ts";
import { MemoryEvents } from "./memory_events.ts";
import { parseSelfCgroup } from "./proc_self_cgroup.ts";
import { parseMountinfo } from "./proc_self_mountinfo.ts";

/**
 * How often, in milliseconds, it is checked that the process is still in the
 * same group. Files of the old group stay readable, so nothing else tells.
 */
export const RECHECK_PERIOD = 5_000;

/** The cgroup signals. */
export type CgroupSignals = Pick<
  Signals,
  "cgroupCurrent" | "cgroupLimit" | "cgroupWorkingSet"
>;

/** Finds the group, reads its levels, and finds it again when it moves. */
export class Cgroup {
  readonly #base: string;
  readonly #io: FileIo;
  readonly #selfCgroup: KernelFile;
  /** The text of /proc/self/cgroup that `#place` was found by. */
  #self: Uint8Array = new Uint8Array();
  #place!: CgroupPlace;
  #levels: CgroupLevels | undefined;
  /** Why "no limit" cannot be told from "cannot see"; `undefined`: it can. */
  #doubt: string | undefined;
  #checkedAt = 0;
  /** Notices from the kernel that a level has hit a limit. */
  readonly events: MemoryEvents = new MemoryEvents();

  constructor(base: string, io: FileIo) {
    this.#base = base;
    this.#io = io;
    this.#selfCgroup = new KernelFile(`${base}/proc/self/cgroup`, io);
    this.#resolve();
    this.#checkedAt = Date.now();
  }

  /** Which cgroup version accounts for memory; 0: none. */
  get version(): 0 | 1 | 2 {
    return this.#place.kind === "none" ? 0 : this.#place.version;
  }

  /** The process's own group, if it is visible. */
  get ownFolder(): string | undefined {
    return this.#place.kind === "found" ? this.#place.folders[0] : undefined;
  }

  /** Whether the kernel's notices can be had. */
  explainEvents(): Signal {
    const own = this.ownFolder;
    const source = `${own ?? this.#selfCgroup.path}/memory.events`;
    if (own === undefined) return unavailable(this.#selfCgroup.path, this.#reason());
    if (this.version === 1) return unavailable(source, "cgroup v1 has no memory.events");
    if (this.#eventFiles().length === 0) {
      return unavailable(source, "no memory.events at any level: memory controller off");
    }
    const { problem } = this.events;
    return problem === undefined ? { available: true, source } : unavailable(source, problem);
  }

  /**
   * Reads every level.
   *
   * @param now Milliseconds since the epoch, to know when to check the place.
   * @param total The machine's memory in bytes: a limit above it is none.
   */
  read(now: number, workingSet: boolean, total: number, out: CgroupReading): void {
    if (now - this.#checkedAt >= RECHECK_PERIOD || now < this.#checkedAt) {
      this.#checkedAt = now;
      this.#recheck();
    }
    this.#readLevels(workingSet, total, out);
    if (this.#levels?.gone) {
      this.#resolve();
      this.#readLevels(workingSet, total, out);
    }
  }

  /** Explains the reading just made. */
  signals(reading: CgroupReading, workingSet: boolean): CgroupSignals {
    const place = this.#place;
    const where = place.kind === "found" ? place.folders[0]! : this.#selfCgroup.path;
    const why = this.#reason();
    const note = place.kind === "found" && place.uncertain !== undefined
      ? { note: `uncertain: ${place.uncertain}` }
      : {};
    const explain = (value: number | undefined, source: string): Signal =>
      value === undefined ? unavailable(source, why) : { available: true, source, ...note };
    const throttleAt = this.#levels?.readThrottleLimit() ?? Infinity;
    const limit = {
      ...explain(reading.limit, reading.limitSource ?? where),
      ...(throttleAt < (reading.limit ?? 0) && { throttleAt }),
    };
    return {
      cgroupCurrent: explain(reading.current, reading.usageSource ?? where),
      cgroupLimit: reading.limit === Infinity && !this.#levels?.any
        ? { ...limit, note: `no limit: ${why}` }
        : limit,
      cgroupWorkingSet: workingSet
        ? explain(reading.workingSet, `${reading.usageSource ?? where} less memory.stat`)
        : unavailable(where, `not asked for: set usage to "workingSet"`),
    };
  }

  close(): void {
    this.events.close();
    this.#selfCgroup.close();
    this.#levels?.close();
  }

  #readLevels(workingSet: boolean, total: number, out: CgroupReading): void {
    if (this.#levels === undefined) {
      out.current =
        out.workingSet =
        out.limitSource =
        out.usageSource =
          undefined;
      out.limit = this.#doubt === undefined ? Infinity : undefined;
      return;
    }
    this.#levels.read(workingSet, total, out);
    if (out.limit === Infinity && this.#doubt !== undefined) out.limit = undefined;
  }

  #reason(): string {
    const place = this.#place;
    if (place.kind !== "found") return this.#doubt ?? place.reason;
    return this.#doubt ?? this.#levels?.readProblem ??
      `no ${place.version === 2 ? "memory.max" : "memory.limit_in_bytes"} at any level: ` +
        "memory controller off";
  }

  #recheck(): void {
    const length = this.#selfCgroup.read();
    if (length >= 0 && !sameBytes(this.#self, bytes, length)) this.#resolve();
    else this.#levels?.recheck();
  }

  #resolve(): void {
    this.#levels?.close();
    this.#levels = undefined;
    this.#find();
    this.events.follow(this.#eventFiles());
  }

  /** Every level's file: the one that is hit need not be the own one. */
  #eventFiles(): string[] {
    const place = this.#place;
    if (place.kind !== "found" || place.version === 1) return [];
    return place.folders.map((folder) => `${folder}/memory.events`)
      .filter((path) => this.#io.exists(path));
  }

  #find(): void {
    const mountinfo = `${this.#base}/proc/self/mountinfo`;
    const length = this.#selfCgroup.read();
    if (length < 0) return this.#unknown(this.#selfCgroup.problem!);
    this.#self = bytes.slice(0, length);
    const decoder = new TextDecoder();
    try {
      const mounts = parseMountinfo(decoder.decode(this.#io.readAll(mountinfo)));
      this.#place = locateCgroup(parseSelfCgroup(decoder.decode(this.#self)), mounts);
    } catch (error) {
      // Forgotten, so that the next check tries again.
      this.#self = new Uint8Array();
      return this.#unknown(describeError(error, mountinfo));
    }
    const place = this.#place;
    this.#doubt = place.kind === "unknown" ? place.reason : undefined;
    if (place.kind === "found") this.#open(place);
  }

  #open(place: CgroupPlace & { kind: "found" }): void {
    const folders = place.folders.map((folder) => this.#base + folder);
    place.folders = folders;
    this.#levels = new CgroupLevels(place.version, folders, this.#io);
    this.#doubt = place.uncertain ?? this.#levels.problem ?? this.#missing(folders[0]!) ??
      (this.#levels.any ? undefined : place.elsewhere);
  }

  /** Levels above it still bind, but that it had no limit cannot be said. */
  #missing(own: string): string | undefined {
    return this.#io.exists(own) ? undefined : `the group's folder ${own} is not there`;
  }

  #unknown(reason: string): void {
    this.#place = { kind: "unknown", version: 2, reason };
    this.#doubt = reason;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array, length: number): boolean {
  if (a.length !== length) return false;
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}
