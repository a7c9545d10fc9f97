import type { CgroupEvents } from "../cgroup_events.ts";
import type { MemInfo } from "../mem_info.ts";
import { VALUES } from "./layout.ts";
import type { RecordedShedder, RecordedWatchdog } from "./options.ts";

/** Collects the values of each sample. */
export class SampleValues {
  readonly #shedder: RecordedShedder | undefined;
  readonly #watchdog: RecordedWatchdog | undefined;
  /** Reused from sample to sample. */
  readonly #values: Float64Array = new Float64Array(VALUES.length);
  /** The totals at the sample before; `undefined`: there was none. */
  #rejected: number | undefined;
  #forced: number | undefined;
  #freed: number | undefined;

  constructor(shedder: RecordedShedder | undefined, watchdog: RecordedWatchdog | undefined) {
    this.#shedder = shedder;
    this.#watchdog = watchdog;
  }

  /**
   * Returns the values in the order of `VALUES`, NaN for those that are
   * unavailable. The next call overwrites them.
   */
  collect(info: MemInfo, events: CgroupEvents | undefined): Float64Array {
    const values = this.#values;
    let i = 0;
    // A loop over names would look each of them up.
    values[i++] = info.processRss ?? NaN;
    values[i++] = info.runtimeTotal ?? NaN;
    values[i++] = info.heapUsed ?? NaN;
    values[i++] = info.heapLimit ?? NaN;
    values[i++] = info.systemAvailable ?? NaN;
    values[i++] = info.systemTotal ?? NaN;
    values[i++] = info.cgroupCurrent ?? NaN;
    values[i++] = info.cgroupLimit ?? NaN;
    values[i++] = info.cgroupWorkingSet ?? NaN;
    values[i++] = events?.high ?? NaN;
    values[i++] = events?.max ?? NaN;
    values[i++] = events?.oom ?? NaN;
    values[i++] = events?.oomKill ?? NaN;
    const { rejected, inFlight } = this.#shedder ?? NONE;
    values[i++] = rejected - (this.#rejected ?? rejected);
    values[i++] = inFlight;
    this.#rejected = rejected;
    const { forced, bytesFreed } = this.#watchdog?.counters ?? NONE;
    values[i++] = forced - (this.#forced ?? forced);
    values[i++] = bytesFreed - (this.#freed ?? bytesFreed);
    this.#forced = forced;
    this.#freed = bytesFreed;
    return values;
  }
}

const NONE = { rejected: NaN, inFlight: NaN, forced: NaN, bytesFreed: NaN };
