import { checkObject, show } from "../check.ts";
import type { Clock } from "../clock.ts";
import {
  claimHeapGrowth,
  type GcTimeListener,
  type HeapGrowth,
  observeGcTime,
} from "../host/watchdog.ts";
import { toFailure } from "./doing.ts";
import type { DisableEvent, Logger } from "./events.ts";
import { GcShare } from "./gc_share.ts";
import type { GcPolicyVerdict } from "./policy.ts";

/** Bounds in percent on how far the heap may grow between two collections. */
export interface GrowthBounds {
  min: number;
  max: number;
}

/** The option `growth` of `heapDriven`. */
export type GrowthOption =
  | { min?: number | undefined; max?: number | undefined }
  | false
  | undefined;

/** What steering is made of; a test passes its own. */
export interface SteeringParts {
  bounds: GrowthBounds;
  /** Largest share of time for collections; see {@linkcode STEERING_SHARE}. */
  maxShare: number;
  clock: Clock;
  logger: Logger;
  /** Told what is thrown outside a call of the watchdog's: nobody else could catch it. */
  fail: (failure: DisableEvent) => void;
  claim?: (onWorker: () => void) => HeapGrowth | { problem: string };
  observe?: (listener: GcTimeListener) => () => void;
}

/**
 * Largest share of time that collections of a steered engine may take. At one
 * fifth, work takes at most a quarter longer than without any collection.
 */
const STEERING_SHARE = 0.2;
export const DEFAULT_GROWTH: GrowthBounds = { min: 10, max: 100 };

/**
 * Reads each bound once. `false` means no steering.
 *
 * @throws {TypeError} If there are no bounds.
 * @throws {RangeError} If the bounds are not whole percentages in order.
 */
export function readGrowth(growth: GrowthOption): GrowthBounds | false {
  if (growth === false) return false;
  if (growth === undefined) return DEFAULT_GROWTH;
  checkObject("growth", growth);
  const { min = DEFAULT_GROWTH.min, max = DEFAULT_GROWTH.max } = growth;
  for (const [name, value] of Object.entries({ min, max })) {
    if (!(Number.isInteger(value) && value >= 1)) {
      throw new RangeError(
        `'growth.${name}' must be a whole percentage of at least 1: current value is ${
          show(value)
        }`,
      );
    }
  }
  if (min > max) {
    throw new RangeError(`'growth.max' must be at least min, ${min}: current value is ${max}`);
  }
  return { min, max };
}

/** Steering, or `undefined` where the engine cannot be steered or `bounds` is `false`. */
export function findSteering(
  { bounds, ...parts }: Omit<SteeringParts, "bounds"> & { bounds: GrowthBounds | false },
): Steering | undefined {
  if (bounds === false) return undefined;
  const { claim = claimHeapGrowth, logger } = parts;
  let steering: Steering | undefined;
  const growth = claim(() => steering?.lose("this process has started a worker"));
  if ("problem" in growth) {
    logger.info?.(`watchdog: no steering, ${growth.problem}; it collects at the watermarks`);
    return undefined;
  }
  try {
    return steering = new Steering(growth, { bounds, ...parts });
  } catch (error) {
    growth.release();
    throw error;
  }
}

/**
 * Sets how far the heap may grow until the engine collects: as the policy
 * wants, and no less than the share of time for collections permits.
 */
export class Steering {
  readonly #growth: HeapGrowth;
  readonly #bounds: GrowthBounds;
  readonly #logger: Logger;
  readonly #fail: (failure: DisableEvent) => void;
  readonly #share: GcShare;
  readonly #stopObserving: () => void;
  /**
   * The least percentage that the share permits. Above the upper bound, the
   * engine decides. It starts at that bound, because a low percentage is safe
   * only once collections are known to be cheap, and a program that blocks the
   * event loop cannot be corrected meanwhile.
   */
  #floor: number;
  #wanted: number | undefined;
  /** The percentage in effect; `undefined`: the engine decides. */
  #percent: number | undefined;
  #lost = false;

  constructor(growth: HeapGrowth, parts: SteeringParts) {
    const { bounds, maxShare, clock, logger, fail, observe = observeGcTime } = parts;
    this.#growth = growth;
    this.#bounds = bounds;
    this.#logger = logger;
    this.#floor = bounds.max;
    this.#share = new GcShare(Math.min(maxShare, STEERING_SHARE), clock);
    this.#fail = fail;
    this.#stopObserving = observe((duration, age) => {
      this.#share.add(duration, age);
      this.#attempt("steering the engine", () => this.#adjust());
    });
  }

  /** Whether it still has the engine. */
  get active(): boolean {
    return !this.#lost;
  }

  /** Whether a forced collection would be within the share. */
  get affordable(): boolean {
    return this.#lost || !this.#share.exceeded;
  }

  /** Lets the heap grow from `used` to the policy's next watermark, within the bounds. */
  steer(used: number, { next, immediate }: GcPolicyVerdict): void {
    const { min, max } = this.#bounds;
    const wanted = immediate ? min : Math.floor((next / Math.max(used, 1) - 1) * 100);
    this.#wanted = Math.min(max, Math.max(min, wanted));
    this.#adjust();
  }

  /** The engine is no longer ours: somebody else has restored the flag. */
  lose(reason: string): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#stopObserving();
    const message = `watchdog: steering ends, ${reason}; it collects at the watermarks`;
    this.#attempt("calling logger.warn", () => this.#logger.warn?.(message));
  }

  /** Lets the engine decide again. */
  stop(): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#stopObserving();
    this.#growth.release();
  }

  #attempt(during: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#fail(toFailure(error, during));
    }
  }

  #adjust(): void {
    if (this.#lost) return;
    const { min, max } = this.#bounds;
    while (this.#floor <= max && this.#share.exceeded) {
      // Collections come half as often, so their time is expected to halve.
      this.#floor *= 2;
      this.#share.scale(0.5);
    }
    if (this.#floor > min && this.#share.permitsTwice) {
      this.#floor = this.#floor > max ? max : Math.max(min, Math.floor(this.#floor / 2));
      this.#share.scale(2);
    }
    if (this.#wanted !== undefined) this.#set(this.#wanted);
  }

  #set(wanted: number): void {
    const percent = this.#floor > this.#bounds.max ? undefined : Math.max(wanted, this.#floor);
    if (percent === this.#percent) return;
    this.#percent = percent;
    if (percent === undefined) {
      this.#growth.restore();
      this.#logger.debug?.("watchdog: collections take too much time, the engine decides");
    } else {
      this.#growth.set(percent);
      this.#logger.debug?.(`watchdog: the heap may grow by ${percent} percent`);
    }
  }
}
