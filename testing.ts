/**
 * Helpers for tests of a memory policy: a clock that you move, and memory that
 * follows a scenario. They work in every test runner.
 *
 * ```ts
 * import { MiB, watch } from "@x/memctl";
 * import { ManualClock, ScenarioSampler } from "@x/memctl/testing";
 * import assert from "node:assert/strict";
 *
 * // The policy under test: one worker below 64 MiB, four otherwise.
 * let workers = 4;
 * const clock = new ManualClock();
 * const sampler = new ScenarioSampler(clock, [
 *   { at: 0, cgroupLimit: 300 * MiB, cgroupCurrent: 100 * MiB },
 *   { at: 2_500, cgroupCurrent: 280 * MiB },
 *   { at: 4_500, cgroupCurrent: 120 * MiB },
 * ]);
 * const stop = new AbortController();
 * const done = watch({ interval: 1_000, clock, sampler, signal: stop.signal }, async (info) => {
 *   await Promise.resolve(); // callbacks may be asynchronous
 *   workers = info.headroom()! < 64 * MiB ? 1 : 4;
 * });
 *
 * await clock.tickAsync(2_000);
 * assert.equal(workers, 4);
 * await clock.tickAsync(2_000);
 * assert.equal(workers, 1);
 * await clock.tickAsync(2_000);
 * assert.equal(workers, 4);
 *
 * stop.abort();
 * await done;
 * clock.assertIdle(); // nothing is left running
 * ```
 *
 * @module
 */

export { ManualClock } from "./src/testing/manual_clock.ts";
export {
  type Scenario,
  ScenarioSampler,
  type ScenarioStep,
} from "./src/testing/scenario_sampler.ts";
// The types that these use, so that one import is enough.
export type { CgroupEvents } from "./src/cgroup_events.ts";
export type { Clock } from "./src/clock.ts";
export type {
  MemInfo,
  MemInfoInit,
  MemoryPressure,
  PressureFigures,
  SignalName,
} from "./src/mem_info.ts";
export type { AdapterName, Sampler, Signal, Signals } from "./src/sampler.ts";
