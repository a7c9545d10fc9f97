import { MemInfo } from "../mem_info.ts";
import { Judge, type Verdict } from "./judge.ts";
import type { RetireReason } from "./options.ts";
import type { Rules } from "./settings.ts";

/** A rule that applies, and to which ceiling. */
export interface CeilingVerdict extends Verdict {
  readonly ceiling: NonNullable<RetireReason["ceiling"]>;
}

/**
 * Applies the rules to the container, or the host, and to the engine's heap. Node
 * limits its heap to half of a container, so a leak may fill it long before that.
 */
export class Ceilings {
  readonly #judges: Readonly<Record<CeilingVerdict["ceiling"], Judge>>;

  constructor(rules: Rules, interval: number) {
    this.#judges = {
      memory: new Judge(rules, interval, "headroom"),
      heap: new Judge(rules, interval, "headroom of the heap"),
    };
  }

  /** Takes this process for one that is up and has not grown yet. */
  restart(): void {
    for (const judge of Object.values(this.#judges)) judge.restart();
  }

  /** Forgets the samples so far, but not how much the process has grown. */
  reset(): void {
    for (const judge of Object.values(this.#judges)) judge.reset();
  }

  /** Takes a sample; returns the first rule that has applied for its time. */
  follow(info: MemInfo, now: number): CeilingVerdict | undefined {
    const { memory, heap } = this.#judges;
    const verdict = memory.follow(info, now);
    const ofHeap = heap.follow(heapOf(info), now);
    if (verdict !== undefined) return { ...verdict, ceiling: "memory" };
    return ofHeap && { ...ofHeap, ceiling: "heap" };
  }

  /** Whether the verdict holds for a sample that a garbage collection came before. */
  confirms(verdict: CeilingVerdict, info: MemInfo): boolean {
    const { ceiling } = verdict;
    return this.#judges[ceiling].confirms(verdict, ceiling === "heap" ? heapOf(info) : info);
  }
}

/** The heap as if it were a container. */
function heapOf({ at, heapLimit, heapUsed }: MemInfo): MemInfo {
  if (heapLimit === undefined || heapUsed === undefined) return new MemInfo({ at });
  return new MemInfo({ at, cgroupLimit: heapLimit, cgroupCurrent: heapUsed, processRss: heapUsed });
}
