// procfs and the cgroup, read together. One reader serves every sampler of the
// same root, so that any number of watches holds the descriptors of one.

import {
  MemInfo,
  type MemInfoInit,
  type MemoryPressure,
  SIGNAL_NAMES,
} from "../../src/mem_info.ts";
import type { CgroupEvents } from "../../src/cgroup_events.ts";
import type { Wanted } from "../../src/fields.ts";
import type { Signals } from "../../src/sampler.ts";
import { needsHost } from "../asked_signals.ts";
import { isDeno } from "../deno.ts";
import type { Engine } from "../engine.ts";
import type { FileIo } from "../file_io.ts";
import { KernelFile, type Parse } from "../kernel_file.ts";
import { OpenFiles } from "../open_files.ts";
import { Cgroup, RECHECK_PERIOD } from "./cgroup.ts";
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
  /** The readings by the key of what is wanted. */
  readonly #readings = new Map<string, LinuxReading>();
  /** The last total that was read: without it, limits above it would count. */
  #total: number | undefined = undefined;
  /** When that was, in milliseconds since the epoch. */
  #totalReadAt = -Infinity;
  readonly #base: string;
  /** Whether it is not this machine's own procfs, which the engine knows of. */
  readonly #foreign: boolean;
  /** Opened only when first asked for. */
  #pressure: KernelFile | undefined;
  /** `checks` of the cgroup when the file of `#pressure` was chosen; there is at least one. */
  #pressureChosenAt = 0;
  /**
   * What the next snapshot is made from. A record per sample would take 144
   * bytes more. Fields that began as undefined hand large numbers on to the
   * snapshot; others are copied, 16 bytes each in V8.
   */
  readonly #next: MemInfoInit = Object.fromEntries(
    ["at", ...SIGNAL_NAMES].map((name) => [name, undefined]),
  );
  readonly #now: () => number;
  readonly #leastUsed = (): number => (this.#next.processRss ??= this.#readRss()) ?? 0;

  /** @param pid The process, if it is another one than this. */
  constructor(
    root: string,
    io: FileIo,
    engine: Engine,
    now: () => number = monotonic,
    pid?: number,
  ) {
    this.#now = now;
    const base = root.endsWith("/") ? root.slice(0, -1) : root;
    this.#base = base;
    this.#foreign = base !== "" || pid !== undefined;
    this.#files = new OpenFiles(io);
    this.#engine = engine;
    this.#cgroup = new Cgroup(base, this.#files, pid);
    this.#meminfo = new KernelFile(`${base}/proc/meminfo`, this.#files);
    this.#pageSize = this.#readPageSize(`${base}/proc/self/auxv`);
    this.#rss = new KernelFile(
      `${base}/proc/${pid ?? "self"}/${this.#pageSize === undefined ? "status" : "statm"}`,
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

  /** The reading that samples with these wishes share. */
  readingOf(wanted: Wanted): LinuxReading {
    let reading = this.#readings.get(wanted.key);
    if (reading === undefined) {
      reading = emptyLinuxReading(wanted, this.#leastUsed);
      this.#readings.set(wanted.key, reading);
    }
    return reading;
  }

  /**
   * Takes a snapshot.
   *
   * @param enough Headroom in bytes that is enough without the working set; see
   * {@linkcode CgroupWishes}.
   */
  sample(reading: LinuxReading, enough: number): MemInfo {
    const { wanted, wishes, group } = reading;
    const next = this.#next;
    next.at = Date.now();
    reading.meminfoRead = false;
    // Not the engine's fields: to clear them here too made V8 keep its record of
    // heap statistics, 440 bytes more per sample (bench:garbage).
    next.processRss = undefined;
    if (wanted.systemAvailable || wanted.systemTotal) this.#readSystem(reading);
    if (wanted.engine) this.#engine.read(next);
    reading.engineRss = !this.#foreign && next.processRss !== undefined;
    if (!reading.engineRss) next.processRss = wanted.processRss ? this.#readRss() : undefined;
    if (wanted.cgroup) {
      if (!reading.meminfoRead && this.#isTotalStale(next.at)) this.#readSystem(reading);
      wishes.enough = enough;
      this.#cgroup.read(next.at, wishes, this.#total ?? Infinity, group);
    }
    const host = needsHost(wanted, group.limit, group.current);
    if (host && !reading.meminfoRead) this.#readSystem(reading);
    // Where a limit is known and no usage, the resident set stands in for it.
    const estimated = host && group.limit !== undefined && group.limit !== Infinity;
    if (estimated) this.#leastUsed();
    // A limit that only a shortage of descriptors hides is there again soon.
    // Until then host memory must not stand in for it.
    const withheld = wanted.cgroup && group.waiting;
    const available = (wanted.systemAvailable || host) && !withheld;
    next.systemAvailable = available ? this.#system.available : undefined;
    next.systemTotal = wanted.systemTotal || host ? this.#system.total : undefined;
    reading.rssProblem = this.#rss.problem;
    if (!wanted.processRss && !estimated) next.processRss = undefined;
    if (!wanted.runtimeTotal) next.runtimeTotal = undefined;
    if (!wanted.heapUsed) next.heapUsed = undefined;
    if (!wanted.heapLimit) next.heapLimit = undefined;
    const { headroom } = wanted;
    next.cgroupCurrent = headroom || wanted.cgroupCurrent ? group.current : undefined;
    next.cgroupLimit = headroom || wanted.cgroupLimit ? group.limit : undefined;
    next.cgroupWorkingSet = wanted.cgroupWorkingSet ? group.workingSet : undefined;
    next.pressure = wanted.pressure ? this.#readPressure(reading) : undefined;
    return reading.info = new MemInfo(next);
  }

  /** The same, or a joint reading younger than {@linkcode JOINT_FOR} that is not `seen`. */
  sampleJointly(reading: LinuxReading, seen: MemInfo | undefined): MemInfo {
    const now = this.#now();
    const { joint } = reading;
    if (joint !== undefined && joint !== seen && now - reading.jointAt < JOINT_FOR) return joint;
    reading.jointAt = now;
    return reading.joint = this.sample(reading, Infinity);
  }

  /**
   * Explains each field of the last reading with these wishes. It reads nothing
   * but the throttle limit.
   */
  signals(reading: LinuxReading): Signals {
    const sources = {
      engine: this.#engine,
      meminfo: this.#meminfo,
      rss: this.#rss,
      placeSource: this.#cgroup.placeSource,
    };
    const throttleLimit = this.#cgroup.throttleLimit(this.#now());
    return {
      ...explainReading(reading, sources, throttleLimit),
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

  /** See {@linkcode Sampler.cgroupEvents}. */
  cgroupEvents(): CgroupEvents | undefined {
    return this.#cgroup.readEvents();
  }

  close(): void {
    this.#pressure?.close();
    this.#meminfo.close();
    this.#rss.close();
    this.#cgroup.close();
  }

  #readPressure(reading: LinuxReading): MemoryPressure | undefined {
    const { checks } = this.#cgroup;
    if (this.#pressureChosenAt !== checks) {
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

  #readSystem(reading: LinuxReading): void {
    reading.meminfoRead = true;
    if (this.#meminfo.read(this.#parseMeminfo) === undefined) clearMeminfo(this.#system);
    reading.meminfoProblem = this.#meminfo.problem;
    this.#total = this.#system.total ?? this.#total;
    this.#totalReadAt = this.#next.at!;
  }

  /** Whether host memory, which changes with a virtual machine's, should be read again. */
  #isTotalStale(now: number): boolean {
    const age = now - this.#totalReadAt;
    return this.#total === undefined || age >= RECHECK_PERIOD || age < 0;
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
