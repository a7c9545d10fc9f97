import type { MemInfo } from "../mem_info.ts";
import { followLevels } from "../policy/levels.ts";
import { inBytes, type ParsedSize, wholeOf } from "../size.ts";
import type { RejectionReason } from "./options.ts";
import type { CeilingSettings, LevelRules } from "./settings.ts";

/** The figure that keeps requests out, and its ceiling. All in bytes. */
export interface Shortage {
  used: number;
  /** The part of it that this process holds at most. */
  own: number;
  /** Bytes left below the ceiling; `undefined`: unknown. */
  left: number | undefined;
  /** The limit of the container, or else the host's memory; NaN: unknown. */
  whole: number;
}

/** Usage, and how far it may grow. All in bytes. */
export interface Standing {
  used: number;
  /** Usage above which no request is admitted. */
  ceiling: number;
  /** The limit of the container, or else the host's memory; 0: unknown. */
  whole: number;
}

/** Compares the latest snapshot with the thresholds and maximums of the options. */
export class Ceilings {
  readonly #follow: (info: MemInfo) => LevelRules | undefined;
  readonly #levels: CeilingSettings["levels"];
  /** Where the strictest level is entered. */
  readonly #strictest: ParsedSize;
  readonly #perRequest: number;
  readonly #exact: boolean;
  readonly #maxRss: ParsedSize | undefined;
  readonly #maxHeapUsed: ParsedSize | undefined;
  #info: MemInfo | undefined;
  #rules: LevelRules | undefined;
  #threshold = 0;
  #room = Infinity;
  #enough = Infinity;
  /** What `#enough` was computed for. */
  #whole = NaN;
  #exceeded: "rss" | "heapUsed" | undefined;

  constructor({ levels, sustain, maxRss, maxHeapUsed, perRequest, exact }: CeilingSettings) {
    this.#exact = exact;
    this.#levels = levels;
    this.#perRequest = perRequest;
    this.#follow = followLevels(levels, sustain);
    this.#strictest = levels.at(-1)!.enter;
    this.#maxRss = maxRss;
    this.#maxHeapUsed = maxHeapUsed;
  }

  /** The level by the latest snapshot, and what it admits; `undefined`: everything. */
  get rules(): LevelRules | undefined {
    return this.#rules;
  }

  /** Bytes of headroom above the strictest level's threshold; `Infinity`: unknown. */
  get room(): number {
    return this.#room;
  }

  /**
   * Bytes of headroom that are plenty: no level is entered or kept, and there is
   * room for one more request. `Infinity`: not known yet, or each sample must be exact.
   */
  get enough(): number {
    return this.#enough;
  }

  /** Which figure of the process is above its maximum. */
  get exceeded(): "rss" | "heapUsed" | undefined {
    return this.#exceeded;
  }

  /**
   * Takes a new snapshot into account; `undefined`: nothing is known, so nothing is short.
   *
   * @param isCompletion Whether it only adds fields to the snapshot before. The
   * level counts samples, and this one does not count.
   */
  follow(info: MemInfo | undefined, isCompletion = false): void {
    this.#info = info;
    if (!isCompletion) this.#rules = info && this.#follow(info);
    this.#threshold = info === undefined ? 0 : inBytes(this.#strictest, wholeOf(info));
    if (info !== undefined) this.#measure(wholeOf(info));
    const room = (info?.headroom() ?? Infinity) - this.#threshold;
    this.#room = Number.isNaN(room) ? Infinity : room;
    this.#exceeded = info && this.#compare(info);
  }

  /** Usage, and where the strictest level is entered; `undefined`: unknown. */
  get standing(): Standing | undefined {
    const headroom = this.#info?.headroom();
    if (this.#info === undefined || headroom === undefined) return undefined;
    const known = wholeOf(this.#info);
    // Without a limit, headroom still shows how usage changes.
    const whole = Number.isNaN(known) ? 0 : known;
    return { used: whole - headroom, ceiling: whole - this.#threshold, whole };
  }

  /** Whether a request of this size could be admitted as a trial. */
  canHold(bytes: number): boolean {
    return !(bytes > Math.max(this.#info?.headroom() ?? Infinity, this.#threshold));
  }

  /** The figure that is short by this reason; zeros before the first snapshot. */
  shortage(reason: RejectionReason): Shortage {
    const { processRss, heapUsed = 0, heapLimit = Infinity } = this.#info ?? {};
    const headroom = this.#info?.headroom();
    const whole = this.#info === undefined ? NaN : wholeOf(this.#info);
    if (reason === "heapUsed") {
      const left = Math.min(headroom ?? Infinity, heapLimit - heapUsed);
      return { used: heapUsed, own: heapUsed, left: left === Infinity ? undefined : left, whole };
    }
    if (reason === "rss") {
      return { used: processRss ?? 0, own: processRss ?? 0, left: headroom, whole };
    }
    const used = (Number.isNaN(whole) ? 0 : whole) - (headroom ?? 0);
    return { used, own: Math.min(Math.abs(used), processRss ?? Infinity), left: headroom, whole };
  }

  #measure(whole: number): void {
    if (this.#exact || whole === this.#whole) return;
    this.#whole = whole;
    const exits = this.#levels.map(({ exit }) => inBytes(exit, whole));
    const enough = Math.max(...exits, inBytes(this.#strictest, whole) + this.#perRequest);
    this.#enough = Number.isNaN(enough) ? Infinity : enough;
  }

  #compare(info: MemInfo): "rss" | "heapUsed" | undefined {
    const { processRss = 0, heapUsed = 0, heapLimit = NaN } = info;
    if (isAbove(processRss, this.#maxRss, wholeOf(info))) return "rss";
    return isAbove(heapUsed, this.#maxHeapUsed, heapLimit) ? "heapUsed" : undefined;
  }
}

function isAbove(used: number, most: ParsedSize | undefined, whole: number): boolean {
  return most !== undefined && used > inBytes(most, whole);
}
