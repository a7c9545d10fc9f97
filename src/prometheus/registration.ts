// How metrics get on a registry of prom-client, and off it again.

import { show } from "../check.ts";
import type { Aggregator, Description, Value } from "./figures.ts";

/**
 * The part of a `Registry` of `prom-client` that is used; any version from 13
 * on fits.
 *
 * @since 0.1.0
 */
export interface MetricsRegistry {
  /** Adds a metric. */
  registerMetric(metric: never): void;
  /** The metric of this name, or `undefined`. */
  getSingleMetric(name: string): unknown;
  /** Removes the metric of this name. */
  removeSingleMetric(name: string): void;
}

/**
 * A metric by the shape that a registry asks for. A `Gauge` of prom-client
 * would show 0 until it is set, and a `Counter` cannot follow a total.
 */
export interface RegistryMetric {
  /** With OpenMetrics, the registry takes "_total" off the name of a counter. */
  name: string;
  readonly help: string;
  readonly type: "gauge" | "counter";
  readonly aggregator: Aggregator;
  /** What the registry shows of the metric. */
  get(): Promise<MetricSnapshot>;
  /** Called by `resetMetrics()` of the registry: these values are not the registry's to reset. */
  reset(): void;
}

/** A metric at the time of a scrape. */
export interface MetricSnapshot {
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter";
  readonly aggregator: Aggregator;
  /** Fresh objects: the registry adds its default labels to them. */
  readonly values: { value: number; labels: Record<string, string> }[];
}

/**
 * Makes a metric whose values are picked from a reading at each scrape. The
 * reading is shared, so a metric costs one promise.
 */
export function makeMetric<Reading>(
  { name, help, type, aggregator }: Description,
  labels: Readonly<Record<string, string>>,
  read: () => Promise<Reading>,
  pick: (reading: Reading) => readonly Value[],
): RegistryMetric {
  const metric: RegistryMetric = {
    name,
    help,
    type,
    aggregator,
    get: () => read().then(snapshot),
    reset() {},
  };
  const snapshot = (reading: Reading): MetricSnapshot => {
    const values: MetricSnapshot["values"] = [];
    for (const { value, labels: own } of pick(reading)) {
      if (Number.isFinite(value)) values.push({ value: value!, labels: { ...labels, ...own } });
    }
    return { name: metric.name, help, type, aggregator, values };
  };
  return metric;
}

/**
 * Adds all metrics to the registry, or none.
 *
 * @returns What removes them again.
 * @throws {Error} If the registry has metrics of these names.
 */
export function register(
  registry: MetricsRegistry,
  metrics: readonly RegistryMetric[],
): () => void {
  // By the names at this time, because the registry may change those of counters.
  const named = metrics.map((metric) => ({ name: metric.name, metric }));
  const taken = named.filter(({ name }) => registry.getSingleMetric(name) !== undefined);
  if (taken.length > 0) refuse(taken.map(({ name }) => name));
  const remove = () => {
    for (const { name, metric } of named) {
      // The user may have cleared the registry, and used the name for another metric.
      if (registry.getSingleMetric(name) === metric) registry.removeSingleMetric(name);
    }
  };
  try {
    for (const metric of metrics) registry.registerMetric(metric as never);
  } catch (error) {
    remove();
    throw error;
  }
  return remove;
}

const METHODS = ["registerMetric", "getSingleMetric", "removeSingleMetric"] as const;

/** Throws unless `registry` is one of prom-client. */
export function checkRegistry(registry: unknown): asserts registry is MetricsRegistry {
  if (
    typeof registry === "object" && registry !== null &&
    METHODS.every((name) => typeof (registry as MetricsRegistry)[name] === "function")
  ) return;
  throw new TypeError(
    `'registry' must be a Registry of prom-client 13 or later: current value is ${show(registry)}`,
  );
}

function refuse([first, ...others]: string[]): never {
  const more = others.length > 0 ? ` and ${others.length} more of these names` : "";
  throw new Error(
    `'registry' must not have these metrics yet: it has ${first}${more}. ` +
      "Stop the observeMemory() that registered them, or pass a 'prefix' of its own",
  );
}
