import { MiB } from "../bytes.ts";
import type { MemInfo } from "../mem_info.ts";
import type { Gauge } from "./gauge.ts";

/**
 * Bytes per millisecond that unseen growth is expected to reach at most. The
 * engine's collections report growth of its heap, buffers and WebAssembly memory:
 * V8's after 61 to 92 MiB, JavaScriptCore's after 2 to 7. They do not report
 * memory of native code and of other processes.
 */
const FASTEST_GROWTH = 512 * MiB / 1_000;
/** The share of the limit that unseen growth must not reach between two polls. */
const DANGER = 0.95;
/** A smaller change between two polls is not taken for activity, in bytes. */
const STIR = 1 * MiB;

/** The figures of a poll, in bytes. */
interface Figures {
  used: number;
  heapUsed: number;
  runtimeTotal: number;
}

/**
 * Decides how long the watchdog waits for the next poll. While memory is
 * allocated it waits for the shortest time. Each quiet poll doubles the wait,
 * up to the time in which usage could grow to the danger zone.
 */
export class Pace {
  readonly #gauge: Gauge;
  readonly #shortest: number;
  readonly #longest: number;
  readonly #last: Figures = { used: NaN, heapUsed: NaN, runtimeTotal: NaN };
  #wait: number;

  /**
   * @param shortest Milliseconds between two polls while memory is allocated.
   * @param longest Maximum of that time, at least `shortest`.
   */
  constructor(gauge: Gauge, shortest: number, longest: number) {
    this.#gauge = gauge;
    this.#shortest = this.#wait = shortest;
    this.#longest = longest;
  }

  /** Whether a snapshot between two polls shows activity, so that the long wait should end. */
  isStirredBy(info: MemInfo): boolean {
    if (this.#wait <= this.#shortest || this.#follow(info)) return false;
    this.#wait = this.#shortest;
    return true;
  }

  /**
   * Milliseconds until the next poll.
   *
   * @param watermark Usage in bytes at which to collect; `undefined`: not known yet.
   */
  after(info: MemInfo, watermark: number | undefined): number {
    const reading = this.#gauge.read(info);
    const isQuiet = this.#follow(info);
    // Without a limit there is nothing to decide until one appears.
    if (reading === undefined) return this.#wait = Math.min(this.#longest, this.#wait * 2);
    const { used, limit } = reading;
    if (!isQuiet || watermark === undefined || used >= watermark) {
      return this.#wait = this.#shortest;
    }
    const bound = (limit * DANGER - used) / FASTEST_GROWTH;
    // In whole steps, so that the same timer serves while usage hardly changes.
    const safe = Math.floor(bound / this.#shortest) * this.#shortest;
    const most = Math.min(this.#longest, Math.max(this.#shortest, safe));
    return this.#wait = Math.min(most, this.#wait * 2);
  }

  /** Whether the figures are about those of the last poll. */
  #follow(info: MemInfo): boolean {
    const { cgroupCurrent, heapUsed = 0, runtimeTotal = 0 } = info;
    // Not the working set, which is left out of some snapshots.
    const used = cgroupCurrent ?? this.#gauge.read(info)?.used ?? 0;
    const last = this.#last;
    const isQuiet = Math.abs(used - last.used) < STIR &&
      Math.abs(heapUsed - last.heapUsed) < STIR &&
      Math.abs(runtimeTotal - last.runtimeTotal) < STIR;
    last.used = used;
    last.heapUsed = heapUsed;
    last.runtimeTotal = runtimeTotal;
    return isQuiet;
  }
}
