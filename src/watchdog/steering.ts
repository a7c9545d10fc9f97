import { show } from "../check.ts";
import { findHeapGrowth, type HeapGrowth } from "../watchdog_host.ts";
import type { Logger } from "./events.ts";
import type { PolicyVerdict } from "./policy.ts";

/** Bounds in percent on how far the heap may grow between two collections. */
export interface GrowthBounds {
  min: number;
  max: number;
}

/** What {@linkcode checkGrowth} takes: the option `growth` of `heapDriven`. */
export type GrowthOption =
  | { min?: number | undefined; max?: number | undefined }
  | false
  | undefined;

const DEFAULT_GROWTH: GrowthBounds = { min: 10, max: 100 };

/** Throws unless the bounds are whole percentages in order; `false` means no steering. */
export function checkGrowth(growth: GrowthOption): GrowthBounds | false {
  if (growth === false) return false;
  const { min = DEFAULT_GROWTH.min, max = DEFAULT_GROWTH.max } = growth ?? {};
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

/** Steering within the bounds, or `undefined` where the engine cannot be steered. */
export function findSteering(bounds: GrowthBounds | false, logger: Logger): Steering | undefined {
  if (bounds === false) return undefined;
  const growth = findHeapGrowth();
  if (growth !== undefined) return new Steering(growth, bounds, logger);
  logger.info?.(
    "watchdog: this engine's heap growth cannot be steered at run time; it collects at the marks",
  );
  return undefined;
}

/** How far the engine's own collections are steered, in percent. */
export class Steering {
  readonly #growth: HeapGrowth;
  readonly #bounds: GrowthBounds;
  readonly #logger: Logger;
  #percent: number | undefined;

  constructor(growth: HeapGrowth, bounds: GrowthBounds, logger: Logger) {
    this.#growth = growth;
    this.#bounds = bounds;
    this.#logger = logger;
  }

  /** Lets the heap grow from `used` to the policy's next mark, within the bounds. */
  steer(used: number, { next, immediate }: PolicyVerdict): void {
    const { min, max } = this.#bounds;
    const wanted = immediate ? min : Math.floor((next / Math.max(used, 1) - 1) * 100);
    const percent = Math.min(max, Math.max(min, wanted));
    if (percent === this.#percent) return;
    this.#percent = percent;
    this.#growth.set(percent);
    this.#logger.debug?.(`watchdog: the heap may grow by ${percent} percent`);
  }

  /** Gives the engine its own way back. */
  stop(): void {
    if (this.#percent !== undefined) this.#growth.restore();
    this.#percent = undefined;
  }
}
