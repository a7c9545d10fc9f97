/**
 * Memory metrics for Prometheus, on a `prom-client` registry that you pass.
 * This module imports no client: any version of `prom-client` from 13 on fits.
 *
 * ```ts
 * import { observeMemory } from "@x/memctl/prometheus";
 * import { Registry } from "prom-client";
 *
 * const registry = new Registry(); // or the `register` of prom-client
 * const metrics = observeMemory(registry);
 * console.log(await registry.metrics()); // memctl_memory_headroom_bytes 222298112 …
 * metrics.stop(); // a service never would
 * ```
 *
 * @module
 */

export { observeMemory } from "./src/prometheus/observe_memory.ts";
export type {
  MemoryMetrics,
  MetricLabels,
  MetricsOptions,
  ObserveMemoryOptions,
} from "./src/prometheus/options.ts";
export type { MetricsRegistry } from "./src/prometheus/registration.ts";
export type { ShedderFigures, WatchdogFigures } from "./src/prometheus/parts.ts";
// The types that these use, so that one import is enough.
export type { CgroupEvents } from "./src/cgroup_events.ts";
export type { Clock } from "./src/clock.ts";
export type { SampledField } from "./src/fields.ts";
export type { Scope } from "./src/scope.ts";
export type * from "./src/sampling_types.ts";
