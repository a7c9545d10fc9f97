import type { MemInfo } from "../mem_info.ts";
import { inBytes, levels, type LevelThresholds } from "../policy/levels.ts";
import type { RefusalReason, RequestLike, ShedLevel, ShedOptions } from "./options.ts";

/** How far headroom must come back by default, times the threshold. */
const COME_BACK = 1.5;
const DEFAULT_HEADROOM = 0.1;

/** The figure that keeps requests out, and its ceiling. All in bytes. */
export interface Shortage {
  used: number;
  /** What this process holds of that, at most. */
  own: number;
  /** What is left below the ceiling; `undefined`: unknown. */
  left: number | undefined;
  /** The limit of the container, or else the host's memory; NaN: unknown. */
  whole: number;
}

/** What the options demand of memory, and how the latest snapshot stands to it. */
export class Ceilings {
  readonly #levels: Readonly<Record<string, ShedLevel>>;
  readonly #levelOf: (info: MemInfo) => string;
  /** Where the strictest level is entered: bytes, or a fraction. */
  readonly #strictest: number;
  readonly #maxRss: number;
  readonly #maxHeapUsed: number;
  #info: MemInfo | undefined;
  #level = "normal";
  #rules: ShedLevel | undefined;
  #threshold = 0;
  #room = Infinity;
  #exceeded: "rss" | "heapUsed" | undefined;

  constructor(options: ShedOptions<RequestLike & never>) {
    this.#levels = options.levels ?? {
      short: { ...thresholds(options.headroom ?? DEFAULT_HEADROOM), inFlight: 0 },
    };
    this.#levelOf = levels(this.#levels, { sustain: options.sustain });
    this.#strictest = Object.values(this.#levels).at(-1)!.enter;
    this.#maxRss = options.maxRss ?? Infinity;
    this.#maxHeapUsed = options.maxHeapUsed ?? Infinity;
  }

  /** The level by the latest snapshot, `"normal"` for none. */
  get level(): string {
    return this.#level;
  }

  /** What is admitted at this level; `undefined`: everything. */
  get rules(): ShedLevel | undefined {
    return this.#rules;
  }

  /** Bytes of headroom above the strictest level's threshold; `Infinity`: unknown. */
  get room(): number {
    return this.#room;
  }

  /** Which figure of the process is above its maximum. */
  get exceeded(): "rss" | "heapUsed" | undefined {
    return this.#exceeded;
  }

  /** Takes a new snapshot into account; `undefined`: nothing is known, so nothing is short. */
  follow(info: MemInfo | undefined): void {
    this.#info = info;
    this.#level = info === undefined ? "normal" : this.#levelOf(info);
    this.#rules = this.#levels[this.#level];
    this.#threshold = info === undefined ? 0 : inBytes(this.#strictest, info);
    const room = (info?.headroom() ?? Infinity) - this.#threshold;
    this.#room = Number.isNaN(room) ? Infinity : room;
    this.#exceeded = info === undefined ? undefined : this.#compare(info);
  }

  /** Whether a request of this size could be admitted as a trial. */
  canHold(bytes: number): boolean {
    return !(bytes > Math.max(this.#info?.headroom() ?? Infinity, this.#threshold));
  }

  /** The figure that is short by this reason; zeros before the first snapshot. */
  shortage(reason: RefusalReason): Shortage {
    const { processRss, heapUsed = 0, heapLimit = Infinity } = this.#info ?? {};
    const headroom = this.#info?.headroom();
    const whole = this.#info === undefined ? NaN : inBytes(1, this.#info);
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

  #compare(
    { processRss = 0, heapUsed = 0, heapLimit = NaN }: MemInfo,
  ): "rss" | "heapUsed" | undefined {
    if (processRss > this.#maxRss) return "rss";
    const most = this.#maxHeapUsed > 1 ? this.#maxHeapUsed : this.#maxHeapUsed * heapLimit;
    return heapUsed > most ? "heapUsed" : undefined;
  }
}

function thresholds(headroom: number | LevelThresholds): LevelThresholds {
  if (typeof headroom !== "number") return headroom;
  const exit = headroom * COME_BACK;
  return { enter: headroom, exit: headroom <= 1 ? Math.min(1, exit) : exit };
}
