import type { CgroupEvents } from "./cgroup_events.ts";
import type { SampledField } from "./fields.ts";
import type { MemInfo, SignalName } from "./mem_info.ts";

/**
 * Which usage headroom subtracts from a cgroup's limit.
 *
 * - `"current"`: all memory charged to the cgroup, page cache included.
 * - `"workingSet"`: the same without inactive page cache, which the kernel
 *   reclaims before an OOM kill. It costs one more read per level.
 *
 * @since 0.1.0
 */
export type Usage = "current" | "workingSet";

/**
 * The source that memory is read from.
 *
 * - `"linux"`: procfs and cgroup v1 or v2.
 * - `"darwin"`: vm_stat, run as a subprocess.
 * - `"runtime"`: only what the JavaScript runtime reports.
 *
 * @since 0.1.0
 */
export type AdapterName = "linux" | "darwin" | "runtime";

/**
 * Where one field of {@linkcode MemInfo} comes from, or why it is unavailable.
 *
 * @since 0.1.0
 */
export interface Signal {
  /** Whether the field has a source. A single read can still fail. */
  readonly available: boolean;
  /** The file or call that the value comes from, or would come from. */
  readonly source: string;
  /** Why the field is unavailable, and what to change. Absent if it is available. */
  readonly reason?: string;
  /** A restriction of an available field, such as an uncertain cgroup level. */
  readonly note?: string;
  /** `true` if the value is an estimate from another value. */
  readonly estimate?: boolean;
  /**
   * Of `cgroupLimit` only: the throttle limit in bytes (memory.high of cgroup
   * v2) if it is below the limit. From this usage on, the kernel slows the cgroup down.
   */
  readonly throttleAt?: number;
}

/**
 * One {@linkcode Signal} for each field of {@linkcode MemInfo} except `at`, and
 * one for the kernel's pressure events, which wake a watch.
 *
 * @since 0.1.0
 */
export type Signals = {
  readonly [name in SignalName | "pressureEvents"]: Signal;
};

/**
 * An open source of snapshots.
 *
 * @since 0.1.0
 */
export interface Sampler extends Disposable {
  /** The adapter that reads. Your own samplers may leave it out. */
  readonly adapter?: AdapterName;
  /**
   * Explains each field of the last snapshot: its source, or why it is
   * unavailable. Reading this property reads no file, with two exceptions:
   *
   * - If this sampler has taken no snapshot yet, it takes one. On macOS, where
   *   that takes time, the reason is then `"not sampled yet"`.
   * - `throttleAt` is read from memory.high, at most once a second.
   *
   * Samplers of the same `root` share their files. If another one with the same
   * `usage`, `pressure` and `fields` has sampled since, its snapshot is the one explained.
   */
  readonly signals: Signals;
  /**
   * Takes one snapshot. On macOS it returns a promise, elsewhere the snapshot itself.
   *
   * @throws {Error} If the sampler is closed.
   */
  sample(): MemInfo | Promise<MemInfo>;
  /**
   * Calls `wake` when the kernel reports that the cgroup has hit its limit or
   * throttle limit, until the returned function is called.
   *
   * @param wake Called at each event, at any time.
   * @param unref Whether listening must not keep the process alive.
   * @returns `undefined` if the kernel reports no such events; `signals.pressureEvents` says why.
   */
  onPressure?(wake: () => void, unref: boolean): (() => void) | undefined;
  /**
   * Reads the kernel's event counters of this process's cgroup: one small file
   * (two on cgroup v1), which `sample()` does not read.
   *
   * @returns `undefined` where there are none, if none can be read, and if `fields` names no figure
   * of the cgroup.
   */
  cgroupEvents?(): CgroupEvents | undefined;
  /** Closes all files that it holds open. Closing twice is harmless. */
  close(): void;
}

/** A sampler of this module, which can skip reads that do not matter now. */
export interface ThriftySampler extends Sampler {
  /**
   * Takes one snapshot.
   *
   * @param enough Headroom in bytes that is enough. Where the limit less
   * `cgroupCurrent` is at least that, the working set, which is never above
   * `cgroupCurrent`, is not read and is `undefined`. Default: `Infinity`.
   */
  sample(enough?: number): MemInfo | Promise<MemInfo>;
}

/**
 * Options of {@linkcode openSampler} and {@linkcode sample}.
 *
 * @since 0.1.0
 */
export interface SamplerOptions {
  /** Which usage headroom subtracts from a cgroup's limit. Default: `"current"`. */
  usage?: Usage | undefined;
  /**
   * Also reads Linux's pressure stall information (PSI). It costs one more read
   * per sample. Default: `false`.
   */
  pressure?: boolean | undefined;
  /**
   * The fields to read. All others are `undefined`, and `signals` says that they
   * were not asked for. `"headroom"` stands for the fields that `headroom()`
   * needs; see {@linkcode SampledField}. Default: all fields. `cgroupWorkingSet`
   * also needs `usage: "workingSet"`, and `pressure` also needs `pressure: true`.
   *
   * `["headroom"]` is the cheapest sample. Under a cgroup limit it reads two
   * small files per level of the cgroup, and /proc/meminfo only once in five
   * seconds, to compare the limit with host memory.
   */
  fields?: readonly SampledField[] | undefined;
  /**
   * A memory limit in bytes that cannot be seen from inside, such as that of a
   * Fargate task. It counts as one more limit of the process's own cgroup:
   * headroom is that of the limit that leaves the least. If it is effective, it is
   * `cgroupLimit`, and `signals.cgroupLimit` names this option.
   *
   * Usage against it is that of the process's own cgroup. Where that cannot be
   * read, or where the process is in the root cgroup, it is the resident set of
   * this process, and `signals.cgroupCurrent` says so. A limit above host memory
   * is ignored. Default: none.
   */
  limit?: number | undefined;
  /**
   * The process to sample, by its id, on Linux only. Its cgroup, resident set and
   * pressure are read. Its heap cannot be read from outside. The id is that of the
   * `proc` below `root`.
   *
   * When the process has ended, a sample throws a {@linkcode ProcessError}, even
   * if another process has its id by then. Default: this process.
   */
  pid?: number | undefined;
  /** The adapter to use. Default: the one that fits the platform. */
  adapter?: AdapterName | undefined;
  /**
   * The folder that holds `proc` and `sys`. Set it where the file systems of a
   * host are mounted in a container, or for a recorded tree. It selects the Linux
   * adapter. Default: `"/"`.
   */
  root?: string | undefined;
}

/**
 * Where snapshots come from: this host, with {@linkcode SamplerOptions}, or a
 * `sampler` that you pass in. Your sampler decides what it samples, and you close
 * it. Together with `sampler`, other options of a sampler throw a TypeError.
 *
 * @typeParam Name The options of a sampler that can be used here.
 * @since 0.1.0
 */
export type SamplerSource<Name extends keyof SamplerOptions = keyof SamplerOptions> =
  | Pick<SamplerOptions, Name> & { sampler?: undefined }
  | { sampler?: Sampler | undefined } & { [name in Name]?: undefined };
