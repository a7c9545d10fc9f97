// procfs and the cgroup, read together. One reader serves every sampler of the
// same root, so that any number of watches holds the descriptors of one.

import {
  MemInfo,
  type MemInfoInit,
  type MemoryPressure,
  SIGNAL_NAMES,
} from "../../src/mem_info.ts";
import type { Signals } from "../../src/sampler.ts";
import { isDeno } from "../deno.ts";
import type { Engine } from "../engine.ts";
import type { FileIo } from "../file_io.ts";
import { KernelFile, type Parse } from "../kernel_file.ts";
import { OpenFiles } from "../open_files.ts";
import { Cgroup } from "./cgroup.ts";
import { explainEvents } from "./cgroup_signals.ts";
import { emptyLinuxReading, explainReading, type LinuxReading } from "./linux_signals.ts";
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
  /** The last reading with and without working set and pressure; see {@linkcode kindOf}. */
  readonly #readings: (LinuxReading | undefined)[] = [undefined, undefined, undefined, undefined];
  /** The last total that was read: without it, limits above it would count. */
  #total: number | undefined = undefined;
  readonly #base: string;
  /** Whether it is not this machine's own procfs, which the engine knows of. */
  readonly #foreign: boolean;
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
    const reading = this.#readings[kindOf(workingSet, pressure)] ??= emptyLinuxReading();
    const next = this.#next;
    next.at = Date.now();
    this.#readSystem();
    reading.meminfoProblem = this.#meminfo.problem;
    next.systemAvailable = this.#system.available;
    next.systemTotal = this.#system.total;
    next.processRss = undefined;
    this.#engine.read(next);
    reading.engineRss = !this.#foreign && next.processRss !== undefined;
    if (!reading.engineRss) next.processRss = this.#readRss();
    reading.rssProblem = this.#rss.problem;
    const { group } = reading;
    this.#total = next.systemTotal ?? this.#total;
    this.#cgroup.read(next.at, workingSet, this.#total ?? Infinity, next.processRss ?? 0, group);
    // A limit that only a shortage of descriptors hides is there again soon.
    // Until then host memory must not stand in for it.
    if (group.waiting) next.systemAvailable = undefined;
    next.cgroupCurrent = group.current;
    next.cgroupLimit = group.limit;
    next.cgroupWorkingSet = group.workingSet;
    next.pressure = pressure ? this.#readPressure(reading) : undefined;
    return reading.info = new MemInfo(next);
  }

  /** The same, or a joint reading younger than {@linkcode JOINT_FOR} that is not `seen`. */
  sampleJointly(workingSet: boolean, pressure: boolean, seen: MemInfo | undefined): MemInfo {
    const kind = kindOf(workingSet, pressure);
    const now = this.#now();
    const latest = this.#latest[kind];
    if (latest !== undefined && latest !== seen && now - this.#latestAt[kind]! < JOINT_FOR) {
      return latest;
    }
    this.#latestAt[kind] = now;
    return this.#latest[kind] = this.sample(workingSet, pressure);
  }

  /**
   * Explains each field of the last reading with these options, and takes one
   * only if there was none. It reads nothing else but the throttle limit.
   */
  signals(workingSet: boolean, pressure: boolean): Signals {
    const kind = kindOf(workingSet, pressure);
    if (this.#readings[kind] === undefined) this.sample(workingSet, pressure);
    const sources = {
      engine: this.#engine,
      meminfo: this.#meminfo,
      rss: this.#rss,
      placeSource: this.#cgroup.placeSource,
    };
    const throttleLimit = this.#cgroup.throttleLimit(this.#now());
    return {
      ...explainReading(this.#readings[kind]!, sources, workingSet, throttleLimit),
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

  #readPressure(reading: LinuxReading): MemoryPressure | undefined {
    const { checks } = this.#cgroup;
    if (this.#pressure === undefined || this.#pressureChosenAt !== checks) {
      this.#pressureChosenAt = checks;
      this.#openPressure();
    }
    let pressure = this.#pressure!.read(parsePressureFile);
    if (this.#pressure!.gone) {
      this.#openPressure();
      pressure = this.#pressure!.read(parsePressureFile);
    }
    reading.pressureSource = this.#pressure!.path;
    reading.pressureProblem = this.#pressure!.problem;
    return pressure;
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

/** The index of the readings with these options. */
function kindOf(workingSet: boolean, pressure: boolean): number {
  return (workingSet ? 1 : 0) + (pressure ? 2 : 0);
}
