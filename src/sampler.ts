import type { SampledField } from "./fields.ts";
import type { MemInfo, SignalName } from "./mem_info.ts";

/**
 * What headroom subtracts from a cgroup's limit.
 *
 * - `"current"`: everything charged to the group, page cache included.
 * - `"workingSet"`: the same without inactive page cache, which the kernel
 *   reclaims before it kills anything. Costs one more read per level.
 *
 * @since 0.1.0
 */
export type Usage = "current" | "workingSet";

/**
 * The places that memory can be read at.
 *
 * - `"linux"`: procfs and cgroup v1 or v2.
 * - `"darwin"`: vm_stat as a subprocess.
 * - `"runtime"`: only what the JavaScript runtime itself tells.
 *
 * @since 0.1.0
 */
export type AdapterName = "linux" | "darwin" | "runtime";

/**
 * Where one field of {@linkcode MemInfo} comes from.
 *
 * @since 0.1.0
 */
export interface Signal {
  /** Whether the field has a source; single readings can still fail. */
  readonly available: boolean;
  /** The path or call that is read, or would be. */
  readonly source: string;
  /** Why it is unavailable, in words to act on; absent when available. */
  readonly reason?: string;
  /** What to know about an available signal: an estimate, an uncertain level. */
  readonly note?: string;
  /** `true` if another figure stands in for the real one. */
  readonly estimate?: boolean;
  /**
   * Of `cgroupLimit` only: where the kernel already slows the group down, in
   * bytes (memory.high of cgroup v2), if that is below the limit.
   */
  readonly throttleAt?: number;
}

/**
 * One {@linkcode Signal} for each field of {@linkcode MemInfo} but `at`, and
 * one for the kernel's notice of pressure, which wakes a watch.
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
  /** Which adapter reads; samplers of your own may leave it out. */
  readonly adapter?: AdapterName;
  /**
   * For each field of the last snapshot its source, and the reason if it is
   * unavailable. Reading this property reads no file. There are two exceptions:
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
   * Takes one snapshot: directly where the platform can (Linux, runtime
   * only), as a promise where it must (macOS).
   *
   * @throws {Error} If the sampler is closed.
   */
  sample(): MemInfo | Promise<MemInfo>;
  /**
   * Calls `wake` when the kernel says that the cgroup has hit its limit or
   * throttle limit, until the returned function is called.
   *
   * @param wake Called with each notice, at any time.
   * @param unref Whether listening must not keep the process alive.
   * @returns `undefined` where there is no such notice; `signals.pressureEvents` says why.
   */
  onPressure?(wake: () => void, unref: boolean): (() => void) | undefined;
  /** Lets go of everything held open. Closing twice is harmless. */
  close(): void;
}

/** A sampler of this module's own, which can leave out what does not matter now. */
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
  /** What headroom subtracts from a cgroup's limit. Default: `"current"`. */
  usage?: Usage | undefined;
  /**
   * Reads Linux's pressure stall information too, for one more read per
   * sample. Default: `false`.
   */
  pressure?: boolean | undefined;
  /**
   * The fields to read. All others are `undefined`, and `signals` says that they
   * were not asked for. `"headroom"` stands for the fields that `headroom()`
   * needs; see {@linkcode SampledField}. Default: all fields, where
   * `cgroupWorkingSet` depends on `usage` and `pressure` on `pressure`.
   *
   * `["headroom"]` is the cheapest sample. Under a cgroup limit it reads two
   * small files per level of the cgroup, and /proc/meminfo only once in five
   * seconds, to compare the limit with host memory.
   */
  fields?: readonly SampledField[] | undefined;
  /** Forces an adapter. Default: the one that fits the platform. */
  adapter?: AdapterName | undefined;
  /**
   * The folder that holds `proc` and `sys`, for a host's file systems mounted
   * in a container, or a recorded tree; chooses the Linux adapter. Default: `"/"`.
   */
  root?: string | undefined;
}

/**
 * Where snapshots come from: this host, as {@linkcode SamplerOptions} say, or a
 * `sampler` that is passed in. Such a sampler decides what it samples, and
 * whoever opened it closes it. The options of a sampler are refused next to it
 * with a TypeError.
 *
 * @typeParam Name The options of a sampler that can be used here.
 * @since 0.1.0
 */
export type SamplerSource<Name extends keyof SamplerOptions = keyof SamplerOptions> =
  | Pick<SamplerOptions, Name> & { sampler?: undefined }
  | { sampler?: Sampler | undefined } & { [name in Name]?: undefined };
