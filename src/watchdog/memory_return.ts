import { formatBytes, MiB } from "../bytes.ts";
import { checkNumber, checkObject } from "../check.ts";
import type { ReturnMemory } from "../host/returned_memory.ts";
import type { MemInfo } from "../mem_info.ts";
import { doing } from "./doing.ts";
import type { Logger } from "./events.ts";
import type { Reading } from "./gauge.ts";

/**
 * How often free memory is returned to the kernel.
 *
 * @since 0.1.0
 */
export interface ReturnMemoryOptions {
  /**
   * Minimum time between two, in milliseconds. It doubles, up to 30 minutes,
   * while next to nothing comes back. Default: 30,000.
   */
  minGap?: number | undefined;
}

/** Everything that returning memory involves. */
export interface MemoryReturnParts {
  minGap: number;
  now: () => number;
  /** This runtime's way, or why there is none. It is asked when there is something to return. */
  find: () => ReturnMemory | { problem: string };
  /** Bytes of anonymous memory of this process; `undefined`: unknown. */
  readAnonymous: () => number | undefined;
  logger: Logger;
}

/** Usage is high from this share of the limit on. */
const HIGH = 0.5;
/** Memory outside the heap must be this share of the limit, and this many bytes. */
const LEAST_SHARE = 0.15;
const LEAST_BYTES = 32 * MiB;
/** Milliseconds: allocators and engines return some of it by themselves, a little later. */
const SETTLED = 1_000;
/** Milliseconds after which it is measured what came back. Deno does it in a later task. */
const DONE = 100;
/** Less than this share of the free memory is next to nothing. */
const EFFECT = 0.1;
const MOST_GAP = 30 * 60_000;
/** The share of time that it may take. */
const SHARE = 0.01;

/** Returns free memory of the allocator to the kernel, where usage stays high with a small heap. */
export class MemoryReturn {
  readonly #parts: MemoryReturnParts;
  #way: ReturnMemory | undefined;
  #usable = true;
  #wait: number;
  /** Milliseconds after which the last one has had its share of the time. */
  #pause = 0;
  #lastAt = -Infinity;
  /** When the memory was last looked at. */
  #lookedAt = -Infinity;
  /** Whether garbage was collected since the last return. */
  #collected = false;
  /** Whether the last look found enough to return. */
  #found = false;
  /** Anonymous memory and what was free of it before a return that is not measured yet. */
  #before: { held: number; free: number } | undefined;
  returns = 0;
  bytesReturned = 0;

  constructor(parts: MemoryReturnParts) {
    this.#parts = parts;
    this.#wait = parts.minGap;
  }

  /** Takes note of a garbage collection. */
  collected(): void {
    this.#collected = true;
  }

  /** Looks at a sample, once a second at most. */
  look({ used, limit }: Reading, { runtimeTotal }: MemInfo): void {
    if (!this.#usable || runtimeTotal === undefined) return;
    const least = Math.max(LEAST_BYTES, limit * LEAST_SHARE);
    const mayBe = this.#collected && used >= limit * HIGH && used - runtimeTotal >= least;
    if (!mayBe && this.#before === undefined) {
      this.#found = false;
      return;
    }
    const { now, readAnonymous } = this.#parts;
    const time = now();
    if (time - this.#lookedAt < (this.#before === undefined ? SETTLED : DONE)) return;
    this.#lookedAt = time;
    const held = readAnonymous();
    if (held === undefined) {
      // Off Linux, or without permission: it will not be known later either.
      this.#usable = false;
      return;
    }
    if (this.#before !== undefined) return this.#measure(this.#before, held);
    const free = held - runtimeTotal;
    // A small heap: collecting it, which may be a part of it, takes little time.
    const wasFound = this.#found;
    this.#found = mayBe && free >= least && free >= runtimeTotal;
    if (!this.#found || !wasFound) return;
    if (time - this.#lastAt >= Math.max(this.#wait, this.#pause)) this.#run(held, free);
  }

  #run(held: number, free: number): void {
    const { find, now, logger } = this.#parts;
    if (this.#way === undefined) {
      const found = find();
      if ("problem" in found) {
        this.#usable = false;
        logger.info?.(
          `watchdog: ${formatBytes(free)} of this process are outside its heap, and what is ` +
            `free of it cannot be returned: ${found.problem}`,
        );
        return;
      }
      this.#way = found;
    }
    const way = this.#way;
    const start = now();
    this.#found = false;
    if (!doing("returning memory", () => way.run())) {
      this.#usable = false;
      return;
    }
    this.#lastAt = this.#lookedAt = now();
    this.#pause = (this.#lastAt - start) / SHARE;
    this.#collected = false;
    this.#before = { held, free };
    this.returns++;
  }

  #measure({ held, free }: { held: number; free: number }, after: number): void {
    const { minGap, logger } = this.#parts;
    this.#before = undefined;
    const returned = Math.max(0, held - after);
    this.bytesReturned += returned;
    const helped = returned >= free * EFFECT;
    this.#wait = helped ? minGap : Math.max(this.#wait, Math.min(this.#wait * 2, MOST_GAP));
    logger.debug?.(
      `watchdog: ${formatBytes(returned)} returned to the kernel (${this.#way?.name})`,
    );
  }
}

/** Reads and checks the option: milliseconds, or `undefined` for never. */
export function readReturnGap(
  options: ReturnMemoryOptions | false | undefined,
): number | undefined {
  if (options === false) return undefined;
  if (options !== undefined) checkObject("returnMemory", options);
  const { minGap = 30_000 } = options ?? {};
  checkNumber(
    "returnMemory.minGap",
    minGap,
    "a number of milliseconds",
    "at least 1,000 and finite milliseconds",
    (value) => value >= 1_000 && value < Infinity,
  );
  return minGap;
}
