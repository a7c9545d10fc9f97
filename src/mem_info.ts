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
 * One immutable snapshot of this process's memory and of the ceilings above
 * it. All sizes are bytes. A signal that could not be read is `undefined`,
 * never 0.
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
   * Makes a snapshot. It never throws for a value, because samplers use it: a
   * size that is `null`, NaN, negative or infinite is unavailable (only
   * `cgroupLimit` may be `Infinity`). {@linkcode MemInfo.from} refuses such
   * values instead.
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
   * Makes a snapshot from data that comes from elsewhere, and checks each
   * value. The data is what {@linkcode MemInfo.toJSON} returns, also after a
   * round trip through JSON, or what the constructor takes. Further properties,
   * such as `headroom`, are ignored.
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
   * Bytes that new work on this machine can have without swapping.
   * Linux: MemAvailable of /proc/meminfo. macOS: free, file-backed and
   * purgeable pages of vm_stat.
   */
  get systemAvailable(): number | undefined {
    return this.#systemAvailable;
  }

  /** Bytes of memory of this machine. Linux: MemTotal. macOS: hw.memsize. */
  get systemTotal(): number | undefined {
    return this.#systemTotal;
  }

  /** Resident set of this process in bytes (VmRSS on Linux). */
  get processRss(): number | undefined {
    return this.#processRss;
  }

  /** Bytes that the JavaScript engine holds: committed heap and external memory. */
  get runtimeTotal(): number | undefined {
    return this.#runtimeTotal;
  }

  /** Bytes of heap in use: live objects, and garbage that is not collected yet. */
  get heapUsed(): number | undefined {
    return this.#heapUsed;
  }

  /** The engine's own ceiling for the heap, in bytes. Unavailable in Bun. */
  get heapLimit(): number | undefined {
    return this.#heapLimit;
  }

  /**
   * Bytes charged to the cgroup level that binds, page cache included; without
   * a limit, those of the process's own group.
   */
  get cgroupCurrent(): number | undefined {
    return this.#cgroupCurrent;
  }

  /**
   * Hard limit in bytes of the cgroup level that binds: of all levels from the
   * process's group upwards, the one with the least left. `Infinity`: there
   * is no limit.
   */
  get cgroupLimit(): number | undefined {
    return this.#cgroupLimit;
  }

  /**
   * Bytes of `cgroupCurrent` that are not inactive page cache. Only sampled
   * with `usage: "workingSet"`.
   */
  get cgroupWorkingSet(): number | undefined {
    return this.#cgroupWorkingSet;
  }

  /**
   * How much of the time tasks waited for memory: memory.pressure of the
   * process's cgroup, or else /proc/pressure/memory. Only sampled with
   * `pressure: true`.
   */
  get pressure(): MemoryPressure | undefined {
    return this.#pressure;
  }

  /**
   * Bytes that can still be used before something gives way.
   *
   * With a cgroup limit it is limit − usage, and 0 at or over the limit. Usage
   * is the working set where that was asked for, `cgroupCurrent` otherwise.
   * Without a limit it is `systemAvailable`. If a limit is known and the usage
   * is not, it is `systemAvailable`, but at most the limit less `processRss`.
   *
   * @returns Bytes, or `undefined` if neither is available.
   */
  headroom(): number | undefined {
    return headroomOf(this);
  }

  /**
   * The nearest of three ceilings: the cgroup's limit, the machine's available
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
   * @returns The ceiling and the bytes below it, or `undefined` if none is known.
   */
  tightest(): Tightest | undefined {
    return tightestOf(this);
  }

  /**
   * A compact line for logs, such as
   * `headroom=212.0MiB rss=61.3MiB runtime=9.1MiB`. What is unavailable is
   * left out.
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
   * Plain data for `JSON.stringify`. JSON has no `Infinity`, so no limit is
   * `cgroupLimit: null` with `cgroupUnlimited: true`, while an unavailable
   * signal is absent.
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
