import { checkObject, checkOneOf, show } from "../check.ts";
import type { MemInfo, MemoryPressure } from "../mem_info.ts";
import type { Sampler, SamplerOptions, SamplerSource } from "../sampler.ts";
import { openSource, readSamplerSource, type SourceSettings } from "../sampler_source.ts";
import { adopt } from "../thenable.ts";

/**
 * Attributes of a measurement.
 *
 * @since 0.1.0
 */
export type MetricAttributes = Record<string, string | number | boolean>;

/**
 * What takes the measurements of one collection.
 *
 * @since 0.1.0
 */
export interface MetricResult<Instrument> {
  /** Takes one value of one instrument. */
  observe(instrument: Instrument, value: number, attributes?: MetricAttributes): void;
}

/**
 * The part of the `Meter` of `@opentelemetry/api` that is used; any version
 * from 1.3 on fits.
 *
 * @since 0.1.0
 */
export interface MeterLike<Instrument> {
  /** Makes a gauge. */
  createObservableGauge(
    name: string,
    options: { description: string; unit: string },
  ): Instrument;
  /** Has the callback called at each collection. */
  addBatchObservableCallback(
    callback: (result: MetricResult<Instrument>) => void | Promise<void>,
    instruments: Instrument[],
  ): void;
  /** Ends that. */
  removeBatchObservableCallback(
    callback: (result: MetricResult<Instrument>) => void | Promise<void>,
    instruments: Instrument[],
  ): void;
}

/**
 * Options of {@linkcode observeMemory}: what to report
 * ({@linkcode MetricsOptions}), and what to sample or the sampler that does
 * ({@linkcode SamplerSource}). `observeMemory()` reads each of them once.
 *
 * @since 0.1.0
 */
export type ObserveMemoryOptions = MetricsOptions & SamplerSource;

/**
 * The options of {@linkcode observeMemory} besides what it samples.
 *
 * @since 0.1.0
 */
export interface MetricsOptions {
  /** What headroom subtracts. Default: `"workingSet"`, which the conventions name a metric for. */
  usage?: SamplerOptions["usage"];
  /** Attributes of every measurement, such as the name of a worker. Default: none. */
  attributes?: MetricAttributes | undefined;
  /**
   * What is measured for a series that had values and has none now, because a
   * limit was removed or {@linkcode MemoryMetrics.stop} was called.
   *
   * - `"absent"`: nothing. With cumulative temporality, `@opentelemetry/sdk-metrics` then goes on
   *   exporting the last value. With delta temporality it exports nothing.
   * - `"NaN"`: NaN, which ends the series in Prometheus. Some other backends refuse a whole batch
   *   that holds NaN, and so does a collector that receives OTLP as JSON.
   *
   * Default: `"absent"`.
   */
  unavailable?: "absent" | "NaN" | undefined;
}

/**
 * Ends the metrics.
 *
 * @since 0.1.0
 */
export interface MemoryMetrics extends Disposable {
  /**
   * Removes the metrics from the meter and closes the sampler. With
   * `unavailable: "NaN"` the next collection still ends each series with NaN.
   * Calling it twice is harmless.
   */
  stop(): void;
}

/** Name, description and figure of each gauge. Unit: bytes. */
const GAUGES: readonly (readonly [
  name: string,
  description: string,
  value: (info: MemInfo, from: Origin) => number | undefined,
])[] = [
  ["process.memory.usage", "Resident set of this process", (info) => info.processRss],
  ["system.memory.limit", "Memory of the machine", (info) => info.systemTotal],
  [
    "system.memory.linux.available",
    "Memory that new work can have without swapping (MemAvailable)",
    (info, { linux }) => linux ? info.systemAvailable : undefined,
  ],
  [
    "memctl.system.available",
    "Memory that new work can have without swapping, elsewhere than on Linux",
    (info, { linux }) => linux ? undefined : info.systemAvailable,
  ],
  [
    "container.memory.usage",
    "Memory charged to the cgroup level that binds, page cache included",
    (info, { estimated }) => estimated ? undefined : info.cgroupCurrent,
  ],
  [
    "container.memory.working_set",
    "The same without inactive page cache",
    (info) => info.cgroupWorkingSet,
  ],
  [
    "container.memory.available",
    "Limit less working set",
    ({ cgroupLimit, cgroupWorkingSet }) =>
      finite(cgroupLimit) && cgroupWorkingSet !== undefined
        ? Math.max(0, cgroupLimit - cgroupWorkingSet)
        : undefined,
  ],
  [
    "memctl.container.limit",
    "Hard limit of the cgroup level that binds; absent without one",
    ({ cgroupLimit }) => finite(cgroupLimit) ? cgroupLimit : undefined,
  ],
  ["memctl.headroom", "What is left before something gives way", (info) => info.headroom()],
  [
    "memctl.runtime.total",
    "What the JavaScript engine holds: committed heap and external memory",
    (info) => info.runtimeTotal,
  ],
  ["memctl.heap.used", "Heap in use, live or not collected yet", (info) => info.heapUsed],
  ["memctl.heap.limit", "The engine's own ceiling for the heap", (info) => info.heapLimit],
];

/** What to know of the figures besides themselves. */
interface Origin {
  linux: boolean;
  /** Whether the resident set stands in for the container's usage. */
  estimated: boolean;
}

/**
 * Registers memory metrics on an OpenTelemetry meter: one sample at each
 * collection, no timer of its own.
 *
 * ```ts
 * import { observeMemory } from "@x/memctl/otel";
 * import { MeterProvider } from "@opentelemetry/sdk-metrics";
 *
 * const provider = new MeterProvider(); // with a reader of your choice
 * const metrics = observeMemory(provider.getMeter("memctl"));
 * metrics.stop(); // a service never would
 * await provider.shutdown();
 * ```
 *
 * Names and units follow OpenTelemetry's semantic conventions where these
 * have one: `process.memory.usage`, `system.memory.limit`,
 * `system.memory.linux.available`, `container.memory.usage`, `.working_set`
 * and `.available`, all in bytes (`By`). The rest is under `memctl.`:
 * `headroom`, `container.limit`, `runtime.total`, `heap.used`, `heap.limit`,
 * and with `pressure: true` also `pressure`, as a fraction of time (`1`) with
 * the attributes `memctl.pressure.kind` (`some`, `full`) and
 * `memctl.pressure.window` (`10s`, `60s`, `300s`). A signal that is unavailable
 * gives no measurement, and an estimate of the container's usage none either.
 *
 * A measurement that is missing does not end a series everywhere. Where the
 * temporality is cumulative, as it always is in the Prometheus exporter,
 * `@opentelemetry/sdk-metrics` 2.x repeats the last value until the process
 * ends: after a limit is removed that of `memctl.container.limit` and
 * `container.memory.available`, and after `stop()` that of every metric.
 * `memctl.headroom` stays right when a limit is removed. For Prometheus, set
 * `unavailable: "NaN"`. For OTLP, let the exporter use delta temporality for
 * gauges.
 *
 * @param meter From the SDK of your choice.
 * @param options What to sample, and what to add to each measurement.
 * @returns What ends it.
 * @throws {TypeError} If the meter is none, or an option is of the wrong type.
 * @throws {RangeError} If an option has a value that it does not know.
 * @since 0.1.0
 */
export function observeMemory<Instrument>(
  meter: MeterLike<Instrument>,
  options: ObserveMemoryOptions = {},
): MemoryMetrics {
  checkMeter(meter);
  const settings = readOptions(options);
  const { sampler, close } = openSource(settings);
  try {
    return register(meter, sampler, settings, close);
  } catch (error) {
    close();
    throw error;
  }
}

/** The options, checked and with their defaults. */
interface Settings extends SourceSettings {
  readonly attributes: MetricAttributes;
  readonly unavailable: "absent" | "NaN";
}

/** Reads each option once. */
function readOptions(options: ObserveMemoryOptions): Settings {
  const source = readSamplerSource(options, { usage: "workingSet" });
  const { attributes = {}, unavailable = "absent" } = options;
  checkOneOf("unavailable", unavailable, ["absent", "NaN"]);
  checkObject("attributes", attributes);
  return { ...source, attributes, unavailable };
}

function register<Instrument>(
  meter: MeterLike<Instrument>,
  sampler: Sampler,
  { attributes, unavailable }: Settings,
  close: () => void,
): MemoryMetrics {
  const from: Origin = {
    linux: sampler.adapter === "linux",
    estimated: sampler.signals.cgroupCurrent.estimate === true,
  };
  const gauges = GAUGES.map(([name, description, value]) => ({
    gauge: meter.createObservableGauge(name, { description, unit: "By" }),
    value,
  }));
  const pressure = meter.createObservableGauge("memctl.pressure", {
    description: "Part of the time that tasks waited for memory",
    unit: "1",
  });
  const instruments = [...gauges.map(({ gauge }) => gauge), pressure];
  const series: Series<Instrument>[] = [
    ...gauges.map(({ gauge, value }) => ({
      gauge,
      attributes,
      value: (info: MemInfo) => value(info, from),
      measured: false,
    })),
    ...FRACTIONS.map(([labels, value]) => ({
      gauge: pressure,
      attributes: { ...attributes, ...labels },
      value: ({ pressure }: MemInfo) => pressure === undefined ? undefined : value(pressure),
      measured: false,
    })),
  ];

  let stopped = false;
  const collect = (result: MetricResult<Instrument>): void | Promise<void> => {
    if (stopped) {
      end(result);
      return;
    }
    const info = sampler.sample();
    const pending = adopt(info);
    return pending === undefined
      ? record(info as MemInfo, result)
      : pending.then((info) => record(info, result));
  };
  const record = (info: MemInfo, result: MetricResult<Instrument>): void => {
    if (stopped) return end(result);
    for (const one of series) {
      const value = one.value(info);
      if (value !== undefined) {
        one.measured = true;
        result.observe(one.gauge, value, one.attributes);
      } else if (one.measured && unavailable === "NaN") {
        result.observe(one.gauge, NaN, one.attributes);
      }
    }
  };
  const remove = () => meter.removeBatchObservableCallback(collect, instruments);
  const endsLater = () => unavailable === "NaN" && series.some(({ measured }) => measured);
  const end = (result: MetricResult<Instrument>): void => {
    if (!endsLater()) return;
    for (const one of series) {
      if (one.measured) result.observe(one.gauge, NaN, one.attributes);
      one.measured = false;
    }
    // Not at once: the SDK is going through its callbacks at this moment.
    queueMicrotask(remove);
  };
  const stop = () => {
    if (stopped) return;
    stopped = true;
    try {
      if (!endsLater()) remove();
    } finally {
      close();
    }
  };

  try {
    meter.addBatchObservableCallback(collect, instruments);
  } catch (error) {
    stopped = true;
    remove();
    throw error;
  }
  return { stop, [Symbol.dispose]: stop };
}

/** One series of an instrument. */
interface Series<Instrument> {
  readonly gauge: Instrument;
  readonly attributes: MetricAttributes;
  readonly value: (info: MemInfo) => number | undefined;
  /** Whether it has had a value since the last end. */
  measured: boolean;
}

/** Attributes and value of each series of the pressure gauge. */
const FRACTIONS: readonly (readonly [
  labels: MetricAttributes,
  value: (pressure: MemoryPressure) => number,
])[] = (["some", "full"] as const).flatMap((kind) =>
  ([10, 60, 300] as const).map((seconds) =>
    [
      { "memctl.pressure.kind": kind, "memctl.pressure.window": `${seconds}s` },
      (pressure: MemoryPressure) => pressure[kind][`avg${seconds}`] / 100,
    ] as const
  )
);

function finite(value: number | undefined): value is number {
  return value !== undefined && value !== Infinity;
}

const METER_METHODS = [
  "createObservableGauge",
  "addBatchObservableCallback",
  "removeBatchObservableCallback",
] as const;

function checkMeter(meter: unknown): void {
  if (
    typeof meter !== "object" || meter === null ||
    METER_METHODS.some((name) => typeof (meter as MeterLike<unknown>)[name] !== "function")
  ) {
    throw new TypeError(
      `'meter' must be a Meter of @opentelemetry/api 1.3 or later: current value is ${show(meter)}`,
    );
  }
}
