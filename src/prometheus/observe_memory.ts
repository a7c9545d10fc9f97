import type { MemInfo } from "../mem_info.ts";
import type { Sampler } from "../sampler.ts";
import { openSource } from "../sampler_source.ts";
import { adopt, callReporting } from "../thenable.ts";
import { type Description, type Memory, MEMORY_FIGURES, type Value } from "./figures.ts";
import {
  type MemoryMetrics,
  type ObserveMemoryOptions,
  readOptions,
  type Settings,
} from "./options.ts";
import { type Part, type PartLimits, partOf } from "./part.ts";
import { readShedder, readWatchdog, SHEDDER_FIGURES, WATCHDOG_FIGURES } from "./parts.ts";
import { checkRegistry, makeMetric, type MetricsRegistry, register } from "./registration.ts";

/**
 * Registers memory metrics on a registry of `prom-client`. It takes one sample
 * at each scrape, and has no timer of its own.
 *
 * ```ts
 * import { observeMemory } from "@x/memctl/prometheus";
 * import { Registry } from "prom-client";
 * import assert from "node:assert/strict";
 *
 * const registry = new Registry();
 * const metrics = observeMemory(registry, { labels: { worker: 1 } });
 * const text = await registry.metrics();
 * assert.match(text, /^memctl_process_resident_bytes\{worker="1"\} \d+$/m);
 * metrics.stop(); // a service never would
 * ```
 *
 * A figure that is unavailable has no series: never 0, and never the value of
 * an earlier scrape. The page docs/prometheus.md lists the names. They differ
 * from those of `@x/memctl/otel` in every translation to Prometheus, so both
 * can run in one process.
 *
 * A sampler that throws, rejects or gives no answer within `timeout` never
 * makes a scrape fail. Such a scrape has no memory figures,
 * `memctl_scrape_failures_total{source="sampler"}` counts it, and `onError` is
 * called. The same holds for `watchdog` and `shedder`.
 *
 * In a cluster, the `AggregatorRegistry` of `prom-client` adds up the figures of
 * the workers' own memory. Of figures that the workers share, such as the
 * cgroup's, it takes the minimum or maximum.
 *
 * @param registry Where to register the metrics.
 * @param options What to sample, and what else to report.
 * @returns What ends it.
 * @throws {TypeError} If `registry` is not a registry, or an option is of the wrong type.
 * @throws {RangeError} If an option has a value that it does not know.
 * @throws {Error} If the registry already has metrics of these names.
 * @since 0.1.0
 */
export function observeMemory(
  registry: MetricsRegistry,
  options: ObserveMemoryOptions = {},
): MemoryMetrics {
  checkRegistry(registry);
  const settings = readOptions(options);
  const { sampler, close } = openSource(settings);
  try {
    return observe(registry, sampler, settings, close);
  } catch (error) {
    close();
    throw error;
  }
}

function observe(
  registry: MetricsRegistry,
  sampler: Sampler,
  settings: Settings,
  close: () => void,
): MemoryMetrics {
  const { prefix, labels } = settings;
  const parts = partsOf(sampler, settings);
  const prefixed = (figure: Description) => ({ ...figure, name: prefix + figure.name });
  const metrics = parts.flatMap((part) =>
    part.figures.map((figure, i) =>
      makeMetric(prefixed(figure), labels, () => part.read(), (reading) => reading?.[i] ?? [])
    )
  );
  const all = () => Promise.all(parts.map((part) => part.read()));
  metrics.push(makeMetric(prefixed(FAILURES), labels, all, () => failuresOf(parts)));
  const remove = register(registry, metrics);
  let stopped = false;
  const stop = () => {
    if (stopped) return;
    stopped = true;
    for (const part of parts) part.stop();
    try {
      remove();
    } finally {
      close();
    }
  };
  return { stop, [Symbol.dispose]: stop };
}

/** What the metrics are read from. */
function partsOf(sampler: Sampler, settings: Settings): Part[] {
  const { watchdog, shedder, clock, timeout, onError } = settings;
  const limits: PartLimits = { clock, timeout, onError: (error) => report(onError, error) };
  return [
    partOf("sampler", MEMORY_FIGURES, memoryOf(sampler), limits),
    ...watchdog === undefined
      ? []
      : [partOf("watchdog", WATCHDOG_FIGURES, () => readWatchdog(watchdog), limits)],
    ...shedder === undefined
      ? []
      : [partOf("shedder", SHEDDER_FIGURES, () => readShedder(shedder), limits)],
  ];
}

/** Makes the function that takes one sample for all memory figures. */
function memoryOf(sampler: Sampler): () => Memory | Promise<Memory> {
  const memory = (info: MemInfo): Memory => ({
    info,
    // Of this sample, as a level may become unreadable. Samplers of the user's may have no signals.
    estimated: sampler.signals?.cgroupCurrent?.estimate === true,
    events: sampler.cgroupEvents?.(),
  });
  return () => {
    const info = sampler.sample();
    return adopt(info)?.then(memory) ?? memory(info as MemInfo);
  };
}

const FAILURES: Description = {
  name: "scrape_failures_total",
  help: "Scrapes without the figures of a source, because that source failed.",
  type: "counter",
  aggregator: "sum",
};

/** How often each part failed. */
function failuresOf(parts: readonly Part[]): Value[] {
  return parts.map(({ name, stopped, failures }) => ({
    labels: { source: name },
    value: stopped ? undefined : failures,
  }));
}

/** Calls the user's hook. Its own error must not reach the scrape. */
function report(onError: Settings["onError"], error: unknown): void {
  // `scrape_failures_total` still tells of the failure.
  callReporting(() => onError?.(error), () => {});
}
