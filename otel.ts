/**
 * Memory metrics for OpenTelemetry, on a meter that you pass. Their names follow
 * the semantic conventions. This module imports no SDK: any SDK fits.
 *
 * ```ts
 * import { observeMemory } from "@x/memctl/otel";
 * import { MeterProvider } from "@opentelemetry/sdk-metrics";
 * import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
 *
 * const exporter = new PrometheusExporter({ port: 9464, preventServerStart: true });
 * const provider = new MeterProvider({ readers: [exporter] });
 * const metrics = observeMemory(provider.getMeter("memctl"));
 * // GET /metrics: process_memory_usage{…} 57159680 …
 * metrics.stop(); // a service never would
 * await provider.shutdown();
 * ```
 *
 * @module
 */

export {
  type MemoryMetrics,
  type MeterLike,
  type MetricAttributes,
  type MetricResult,
  type MetricsOptions,
  observeMemory,
  type ObserveMemoryOptions,
} from "./src/otel/observe_memory.ts";
// The types that these use, so that one import is enough.
export type { CgroupEvents } from "./src/cgroup_events.ts";
export type * from "./src/sampling_types.ts";
