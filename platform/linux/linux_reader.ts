// procfs and the cgroup, read together. One reader serves every sampler of the
// same root, so that any number of watches holds the descriptors of one.

import {
  MemInfo,
  type MemInfoInit,
  type MemoryPressure,
  SIGNAL_NAMES,
} from "../../src/mem_info.ts";
import type { Signal, Signals } from "../../src/sampler.ts";
import { isDeno } from "../deno.ts";
import { type Engine, unavailable } from "../engine.ts";
import type { FileIo } from "../file_io.ts";
import { KernelFile, type Parse } from "../kernel_file.ts";
import { OpenFiles } from "../open_files.ts";
import { Cgroup } from "./cgroup.ts";
import type { CgroupReading } from "./cgroup_levels.ts";
import { explainCgroup, explainEvents } from "./cgroup_signals.ts";
import { parsePressure } from "./proc_pressure_memory.ts";
import { clearMeminfo, type Meminfo, parseMeminfo, parseVmRss } from "./proc_meminfo.ts";
import { parseAuxvPageSize } from "./proc_self_auxv.ts";
import { parseStatmResident } from "./proc_self_statm.ts";

/**
 * How old, in milliseconds, a joint reading may be: watches that are due in the
 * same turn of the event loop get the same snapshot.
 */
export const JOINT_FOR = 1;

// Bound at once: fake timers replace it, and a clock that stands would make
// the first reading the last.
const monotonic = performance.now.bind(performance);

const decoder = new TextDecoder();
const parsePressureFile: Parse<MemoryPressure | undefined> = (data, length) =>
  parsePressure(decoder.decode(data.subarray(0, length)));

/** Reads one `proc` and `sys`. */
export class LinuxReader {
  readonly #files: OpenFiles;
  readonly #engine: Engine;
  readonly #meminfo: KernelFile;
  readonly #rss: KernelFile;
  /** Bytes per page of statm; `undefined`: `#rss` is /proc/self/status. */
  readonly #pageSize: number | undefined;
  readonly #cgroup: Cgroup;
  readonly #system: Meminfo = { total: undefined, available: undefined };
  readonly #parseMeminfo: Parse<true> = (data, length) => {
    parseMeminfo(data, length, this.#system);
    return true;
  };
  readonly #group: CgroupReading = {
    current: undefined,
    limit: undefined,
    workingSet: undefined,
    limitSource: undefined,
    usageSource: undefined,
    estimate: false,
    waiting: false,
  };
  /** The last total that was read: without it, limits above it would count. */
  #total: number | undefined = undefined;
  readonly #base: string;
  /** Whether it is not this machine's own procfs, which the engine knows of. */
  readonly #foreign: boolean;
  /** Whether the engine's call told the resident set, so that it was not read again. */
  #engineRss = false;
  /** Opened only when first asked for. */
  #pressure: KernelFile | undefined;
  /** `checks` of the cgroup when the file of `#pressure` was chosen. */
  #pressureChosenAt = 0;
  /**
   * What the next snapshot is made from. A record per sample would take 144
   * bytes more. Fields that began as undefined hand large numbers on to the
   * snapshot; others are copied, 16 bytes each in V8.
   */
  readonly #next: MemInfoInit = Object.fromEntries(
    ["at", ...SIGNAL_NAMES].map((name) => [name, undefined]),
  );

  /** The last joint reading with and without working set and pressure. */
  readonly #latest: (MemInfo | undefined)[] = [];
  readonly #latestAt: number[] = [];
  readonly #now: () => number;

  constructor(root: string, io: FileIo, engine: Engine, now: () => number = monotonic) {
    this.#now = now;
    const base = root.endsWith("/") ? root.slice(0, -1) : root;
    this.#base = base;
    this.#foreign = base !== "";
    this.#files = new OpenFiles(io);
    this.#engine = engine;
    this.#cgroup = new Cgroup(base, this.#files);
    this.#meminfo = new KernelFile(`${base}/proc/meminfo`, this.#files);
    this.#pageSize = this.#readPageSize(`${base}/proc/self/auxv`);
    this.#rss = new KernelFile(
      `${base}/proc/self/${this.#pageSize === undefined ? "status" : "statm"}`,
      this.#files,
    );
  }

  /** Whether anything at all could be opened. */
  get usable(): boolean {
    return this.#meminfo.usable || this.#rss.usable;
  }

  /** Why not. */
  get problem(): string | undefined {
    return this.#meminfo.problem;
  }

  sample(workingSet: boolean, pressure: boolean): MemInfo {
    const next = this.#next;
    next.at = Date.now();
    this.#readSystem();
    next.systemAvailable = this.#system.available;
    next.systemTotal = this.#system.total;
    next.processRss = undefined;
    this.#engine.read(next);
    this.#engineRss = !this.#foreign && next.processRss !== undefined;
    if (!this.#engineRss) next.processRss = this.#readRss();
    const group = this.#group;
    this.#total = next.systemTotal ?? this.#total;
    this.#cgroup.read(next.at, workingSet, this.#total ?? Infinity, next.processRss ?? 0, group);
    // A limit that only a shortage of descriptors hides is there again soon.
    // Until then host memory must not stand in for it.
    if (group.waiting) next.systemAvailable = undefined;
    next.cgroupCurrent = group.current;
    next.cgroupLimit = group.limit;
    next.cgroupWorkingSet = group.workingSet;
    next.pressure = pressure ? this.#readPressure() : undefined;
    return new MemInfo(next);
  }

  /** The same, or a joint reading younger than {@linkcode JOINT_FOR} that is not `seen`. */
  sampleJointly(workingSet: boolean, pressure: boolean, seen: MemInfo | undefined): MemInfo {
    const kind = (workingSet ? 1 : 0) + (pressure ? 2 : 0);
    const now = this.#now();
    const latest = this.#latest[kind];
    if (latest !== undefined && latest !== seen && now - this.#latestAt[kind]! < JOINT_FOR) {
      return latest;
    }
    this.#latestAt[kind] = now;
    return this.#latest[kind] = this.sample(workingSet, pressure);
  }

  /** Explains each field by a reading of its own. */
  signals(workingSet: boolean, pressure: boolean): Signals {
    const info = this.sample(workingSet, pressure);
    const { problem, path } = this.#meminfo;
    const fromMeminfo = (value: number | undefined): Signal =>
      value === undefined
        ? unavailable(
          path,
          problem ?? `${path} is malformed: it has no such line with a size in kB`,
        )
        : { available: true, source: path };
    const cgroup = explainCgroup(this.#cgroup, this.#group, workingSet);
    const hidden = this.#group.waiting && problem === undefined;
    return {
      systemAvailable: hidden
        ? unavailable(path, `withheld while the cgroup is unknown: ${cgroup.cgroupLimit.reason}`)
        : fromMeminfo(info.systemAvailable),
      systemTotal: fromMeminfo(info.systemTotal),
      processRss: this.#explainRss(info),
      ...this.#engine.signals,
      ...cgroup,
      pressure: this.#explainPressure(info, pressure),
      pressureEvents: explainEvents(this.#cgroup),
    };
  }

  /** See {@linkcode Sampler.onPressure}. */
  onPressure(wake: () => void, unref: boolean): (() => void) | undefined {
    // Deno keeps the process alive while a file is watched.
    if (unref && isDeno) return undefined;
    const { place, events } = this.#cgroup;
    if (place.kind === "none" || (place.kind === "found" && place.version === 1)) return undefined;
    // Where there is no memory.events now, it may appear.
    return events.listen(wake);
  }

  close(): void {
    this.#pressure?.close();
    this.#meminfo.close();
    this.#rss.close();
    this.#cgroup.close();
  }

  #readPressure(): MemoryPressure | undefined {
    const { checks } = this.#cgroup;
    if (this.#pressure === undefined || this.#pressureChosenAt !== checks) {
      this.#pressureChosenAt = checks;
      this.#openPressure();
    }
    const pressure = this.#pressure!.read(parsePressureFile);
    if (!this.#pressure!.gone) return pressure;
    this.#openPressure();
    return this.#pressure!.read(parsePressureFile);
  }

  /** Opens the group's own figures, or else the host's, unless they are open. */
  #openPressure(): void {
    const own = this.#cgroup.ownFolder;
    const paths = [`${this.#base}/proc/pressure/memory`];
    if (own !== undefined) paths.unshift(`${own}/memory.pressure`);
    const path = paths.find((path) => this.#files.io.exists(path)) ?? paths.at(-1)!;
    const before = this.#pressure;
    if (before?.path === path && before.usable && !before.gone) return;
    before?.close();
    this.#pressure = new KernelFile(path, this.#files);
  }

  #explainRss({ processRss }: MemInfo): Signal {
    if (this.#engineRss) return this.#engine.rss!;
    const { path: source, problem } = this.#rss;
    return processRss === undefined
      ? unavailable(source, problem ?? `${source} is malformed`)
      : { available: true, source };
  }

  #explainPressure({ pressure }: MemInfo, asked: boolean): Signal {
    const { path: source, problem } = this.#pressure ?? { path: "/proc/pressure/memory" };
    if (pressure !== undefined) return { available: true, source };
    return unavailable(
      source,
      asked ? problem ?? `${source} is malformed` : "not asked for: set pressure to true",
    );
  }

  #readSystem(): void {
    if (this.#meminfo.read(this.#parseMeminfo) === undefined) clearMeminfo(this.#system);
  }

  #readRss(): number | undefined {
    if (this.#pageSize === undefined) return this.#rss.read(parseVmRss);
    const pages = this.#rss.read(parseStatmResident);
    return pages === undefined ? undefined : pages * this.#pageSize;
  }

  #readPageSize(path: string): number | undefined {
    let data: Uint8Array;
    try {
      data = this.#files.readAll(path);
    } catch {
      // Whatever keeps it from us: /proc/self/status then serves for the
      // resident set, at five times the cost.
      return undefined;
    }
    return parseAuxvPageSize(data);
  }
}
