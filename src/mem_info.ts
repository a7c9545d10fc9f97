import { formatBytes } from "./bytes.ts";
import { checkObject } from "./check.ts";
import { headroomOf, tightestOf } from "./headroom.ts";
import type { MemInfoInit, MemInfoJson, MemoryPressure, Tightest } from "./mem_info_types.ts";
import { checkFields, frozen, isUnlimited, sizeOrNone } from "./mem_info_values.ts";
import { SIZE_NAMES } from "./signal_names.ts";

export { SIGNAL_NAMES, type SignalName, SIZE_NAMES, type SizeName } from "./signal_names.ts";
export type {
  MemInfoInit,
  MemInfoJson,
  MemoryPressure,
  PressureFigures,
  Tightest,
} from "./mem_info_types.ts";

/**
 * An immutable snapshot of the memory of this process, its cgroup and its host.
 *
 * All sizes are bytes. A signal that cannot be read is `undefined`, never 0.
 *
 * ```ts
 * import { MemInfo, MiB } from "@x/memctl";
 * import assert from "node:assert/strict";
 *
 * const info = new MemInfo({
 *   cgroupLimit: 300 * MiB,
 *   cgroupCurrent: 88 * MiB,
 *   processRss: 61.3 * MiB,
 * });
 * assert.equal(info.headroom(), 212 * MiB);
 * assert.equal(info.systemAvailable, undefined);
 * assert.equal(String(info), "headroom=212.0MiB rss=61.3MiB");
 * ```
 *
 * @since 0.1.0
 */
export class MemInfo {
  // Private fields behind getters make the snapshot immutable at no cost per
  // sample; Object.freeze costs more than one of the reads. A private method
  // would add a field to each snapshot.
  readonly #at: number;
  readonly #systemAvailable: number | undefined;
  readonly #systemTotal: number | undefined;
  readonly #processRss: number | undefined;
  readonly #runtimeTotal: number | undefined;
  readonly #heapUsed: number | undefined;
  readonly #heapLimit: number | undefined;
  readonly #cgroupCurrent: number | undefined;
  readonly #cgroupLimit: number | undefined;
  readonly #cgroupWorkingSet: number | undefined;
  readonly #pressure: MemoryPressure | undefined;

  /**
   * Makes a snapshot. It never throws for a value, because samplers use it. A
   * size that is `null`, NaN, negative or infinite becomes `undefined`, except
   * that `cgroupLimit` may be `Infinity`. {@linkcode MemInfo.from} throws an
   * error for such values instead.
   *
   * @param init The signals that are available, in bytes.
   */
  constructor(init: Readonly<MemInfoInit> = {}) {
    this.#at = init.at ?? Date.now();
    this.#systemAvailable = sizeOrNone(init.systemAvailable);
    this.#systemTotal = sizeOrNone(init.systemTotal);
    this.#processRss = sizeOrNone(init.processRss);
    this.#runtimeTotal = sizeOrNone(init.runtimeTotal);
    this.#heapUsed = sizeOrNone(init.heapUsed);
    this.#heapLimit = sizeOrNone(init.heapLimit);
    this.#cgroupCurrent = sizeOrNone(init.cgroupCurrent);
    this.#cgroupLimit = isUnlimited(init) ? Infinity : sizeOrNone(init.cgroupLimit);
    this.#cgroupWorkingSet = sizeOrNone(init.cgroupWorkingSet);
    const { pressure } = init;
    this.#pressure = pressure === undefined ? undefined : frozen(pressure);
  }

  /**
   * Makes a snapshot from data of another process or a file, and checks each
   * value. The data has the form that {@linkcode MemInfo.toJSON} returns, or the
   * form that the constructor takes. Other properties, such as `headroom`, are
   * ignored.
   *
   * ```ts
   * import { MemInfo } from "@x/memctl";
   * import assert from "node:assert/strict";
   *
   * const info = new MemInfo({ cgroupLimit: Infinity, systemAvailable: 5_000 });
   * const copy = MemInfo.from(JSON.parse(JSON.stringify(info)));
   * assert.equal(copy.cgroupLimit, Infinity);
   * assert.equal(copy.headroom(), 5_000);
   * ```
   *
   * @param source The values in bytes. `undefined` and `null` mean that a signal is unavailable;
   * `cgroupLimit: null` with `cgroupUnlimited: true` means that there is no limit. A `MemInfo` is
   * returned as it is.
   * @returns The snapshot.
   * @throws {TypeError} If `source` is not an object, or a value is of the wrong type.
   * @throws {RangeError} If a size is negative, NaN or infinite, or `at` is not finite.
   */
  static from(source: MemInfo | Readonly<MemInfoInit> | Readonly<MemInfoJson>): MemInfo {
    if (source instanceof MemInfo) return source;
    checkObject("source", source);
    checkFields(source);
    return new MemInfo(source as MemInfoInit);
  }

  /**
   * Copies this snapshot with some signals changed.
   *
   * ```ts
   * import { MemInfo } from "@x/memctl";
   * import assert from "node:assert/strict";
   *
   * const info = new MemInfo({ cgroupLimit: 300, cgroupCurrent: 100, systemAvailable: 900 });
   * assert.equal(info.with({ cgroupCurrent: 290 }).headroom(), 10);
   * assert.equal(info.with({ cgroupLimit: undefined }).headroom(), 900);
   * ```
   *
   * @param changes The new values in bytes. A property with the value `undefined` makes the signal
   * unavailable; a property that is absent keeps its value.
   * @returns A new snapshot. Its `at` is that of this snapshot unless it is changed too.
   * @throws {TypeError} If `changes` is not an object, or a value is of the wrong type.
   * @throws {RangeError} If a size is negative, NaN or infinite, or `at` is not finite.
   */
  with(changes: Readonly<MemInfoInit>): MemInfo {
    checkObject("changes", changes);
    checkFields(changes);
    const init: MemInfoInit = { at: this.#at };
    for (const name of SIZE_NAMES) init[name] = this[name];
    init.pressure = this.#pressure;
    return new MemInfo({ ...init, ...changes, at: changes.at ?? this.#at });
  }

  /** When the snapshot was taken, in milliseconds since the epoch. */
  get at(): number {
    return this.#at;
  }

  /**
   * Host memory that new work can use without swapping, in bytes. Linux:
   * MemAvailable of /proc/meminfo. macOS: free, file-backed and purgeable pages
   * of vm_stat.
   */
  get systemAvailable(): number | undefined {
    return this.#systemAvailable;
  }

  /** Total host memory in bytes. Linux: MemTotal. macOS: hw.memsize. */
  get systemTotal(): number | undefined {
    return this.#systemTotal;
  }

  /** Resident set (RSS) of this process in bytes. Linux: VmRSS. */
  get processRss(): number | undefined {
    return this.#processRss;
  }

  /** Memory that the JavaScript engine holds, in bytes: committed heap and external memory. */
  get runtimeTotal(): number | undefined {
    return this.#runtimeTotal;
  }

  /** Heap in use, in bytes: live objects, and garbage that is not collected yet. */
  get heapUsed(): number | undefined {
    return this.#heapUsed;
  }

  /** Heap limit of the JavaScript engine, in bytes. Unavailable in Bun. */
  get heapLimit(): number | undefined {
    return this.#heapLimit;
  }

  /**
   * Usage of the effective cgroup in bytes, page cache included. Without a
   * limit, it is the usage of the process's own cgroup.
   */
  get cgroupCurrent(): number | undefined {
    return this.#cgroupCurrent;
  }

  /**
   * Hard limit of the effective cgroup in bytes. Of all levels from the
   * process's own cgroup upwards, the effective one has the smallest
   * limit − usage. `Infinity` means that there is no limit.
   */
  get cgroupLimit(): number | undefined {
    return this.#cgroupLimit;
  }

  /**
   * Working set of the effective cgroup in bytes: `cgroupCurrent` less inactive
   * page cache. Sampled only with `usage: "workingSet"`.
   */
  get cgroupWorkingSet(): number | undefined {
    return this.#cgroupWorkingSet;
  }

  /**
   * Share of time that tasks waited for memory (PSI), of the process's cgroup or
   * else of the host. Sampled only with `pressure: true`.
   */
  get pressure(): MemoryPressure | undefined {
    return this.#pressure;
  }

  /**
   * Returns how many bytes can still be used.
   *
   * With a cgroup limit this is limit − usage, and 0 at or over the limit. Usage
   * is the working set with `usage: "workingSet"`, and `cgroupCurrent` otherwise.
   * Without a limit it is `systemAvailable`. If a limit is known and the usage is
   * not, it is `systemAvailable`, but at most the limit less `processRss`.
   *
   * @returns Bytes, or `undefined` if neither is available.
   */
  headroom(): number | undefined {
    return headroomOf(this);
  }

  /**
   * Returns the nearest of three limits: the cgroup's, the host's available
   * memory, and the engine's heap limit.
   *
   * ```ts
   * import { GiB, MemInfo, MiB } from "@x/memctl";
   * import assert from "node:assert/strict";
   *
   * const info = new MemInfo({
   *   systemAvailable: 3 * GiB,
   *   heapUsed: 100 * MiB,
   *   heapLimit: 140 * MiB,
   * });
   * assert.deepEqual(info.tightest(), { signal: "heap", bytes: 40 * MiB });
   * ```
   *
   * @returns Its name and the bytes left below it, or `undefined` if none is known.
   */
  tightest(): Tightest | undefined {
    return tightestOf(this);
  }

  /**
   * Returns a short line for logs, such as
   * `headroom=212.0MiB rss=61.3MiB runtime=9.1MiB`. It leaves out values that
   * are unavailable.
   */
  toString(): string {
    const parts: string[] = [];
    const add = (name: string, bytes: number | undefined) => {
      if (bytes !== undefined) parts.push(`${name}=${formatBytes(bytes)}`);
    };
    add("headroom", this.headroom());
    add("rss", this.#processRss);
    add("runtime", this.#runtimeTotal);
    return parts.join(" ");
  }

  /**
   * Returns plain data for `JSON.stringify`. JSON has no `Infinity`, so "no
   * limit" becomes `cgroupLimit: null` with `cgroupUnlimited: true`. Unavailable
   * signals are absent.
   *
   * ```ts
   * import { MemInfo } from "@x/memctl";
   * import assert from "node:assert/strict";
   *
   * const info = new MemInfo({ at: 0, cgroupLimit: Infinity });
   * assert.equal(
   *   JSON.stringify(info),
   *   '{"at":0,"cgroupLimit":null,"cgroupUnlimited":true}',
   * );
   * ```
   */
  toJSON(): MemInfoJson {
    const json: MemInfoJson = { at: this.#at };
    for (const name of SIZE_NAMES) {
      const value = this[name];
      if (value === undefined) continue;
      if (name === "cgroupLimit" && value === Infinity) {
        json.cgroupLimit = null;
        json.cgroupUnlimited = true;
      } else {
        json[name] = value;
      }
    }
    if (this.#pressure !== undefined) json.pressure = this.#pressure;
    const headroom = this.headroom();
    if (headroom !== undefined) json.headroom = headroom;
    return json;
  }
}

// console.log of a class with private fields shows nothing; all three runtimes
// ask this method first. It is attached here because its name, a registered
// symbol, cannot be declared in a class without breaking fast type checking.
Object.defineProperty(MemInfo.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value: function (this: MemInfo): unknown {
    const { cgroupUnlimited, ...shown } = this.toJSON();
    return cgroupUnlimited ? { ...shown, cgroupLimit: Infinity } : shown;
  },
});
