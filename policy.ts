/**
 * Pure helpers for callbacks of `watch`: levels with hysteresis, a budget of
 * workers, the trend, and an interval that follows the headroom.
 *
 * ```ts
 * import { MiB, watch } from "@x/memctl";
 * import { adaptiveInterval, levels, linearBudget, trend } from "@x/memctl/policy";
 *
 * const level = levels({
 *   low: { enter: "20%", exit: "30%" }, // of the limit
 *   critical: { enter: "5%", exit: "15%" },
 * }, { sustain: 3 });
 * const workers = linearBudget({ costPerWorker: 64 * MiB });
 * const follow = trend();
 *
 * const stop = new AbortController();
 * await watch({ interval: adaptiveInterval(), signal: stop.signal }, (info) => {
 *   console.log(level(info), workers(info), follow(info)?.secondsLeft);
 *   stop.abort();
 * });
 * ```
 *
 * @module
 */

export { adaptiveInterval, type AdaptiveIntervalOptions } from "./src/policy/adaptive_interval.ts";
export type { LevelThresholds } from "./src/policy/level_thresholds.ts";
export { levels, type LevelsOptions } from "./src/policy/levels.ts";
export { linearBudget, type LinearBudgetOptions } from "./src/policy/linear_budget.ts";
export { type Trend, trend, type TrendOptions } from "./src/policy/trend.ts";
// The types that these use, so that one import is enough.
export type {
  MemInfo,
  MemInfoInit,
  MemInfoJson,
  MemoryPressure,
  PressureFigures,
  Tightest,
} from "./src/mem_info.ts";
export type { Share, Size } from "./src/size.ts";
