import { checkObject, checkOptionalMethod, checkSamplerOptions, show } from "../check.ts";
import { openSampler } from "../host.ts";
import type { MemInfo, MemoryPressure } from "../mem_info.ts";
import type { Sampler, SamplerOptions } from "../sampler.ts";
import { isThenable } from "../thenable.ts";

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
 * Options of {@linkcode observeMemory}.
 *
 * @since 0.1.0
 */
export interface ObserveMemoryOptions extends SamplerOptions {
  /** What headroom subtracts. Default: `"workingSet"`, which the conventions name a metric for. */
  usage?: SamplerOptions["usage"];
  /** Attributes of every measurement, such as the name of a worker. */
  attributes?: MetricAttributes | undefined;
  /** Where the snapshots come from; it stays open. Default: this machine. */
  sampler?: Sampler | undefined;
}

/**
 * Ends the metrics.
 *
 * @since 0.1.0
 */
export interface MemoryMetrics extends Disposable {
  /** Removes them from the meter and closes the sampler. Twice is harmless. */
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
  checkSamplerOptions(options);
  checkOptionalMethod("sampler", options.sampler, "sample");
  if (options.attributes !== undefined) checkObject("attributes", options.attributes);
  const { attributes = {}, usage = "workingSet" } = options;
  const sampler = options.sampler ?? openSampler({ ...options, usage });
  const gauges = GAUGES.map(([name, description, value]) => ({
    gauge: meter.createObservableGauge(name, { description, unit: "By" }),
    value,
  }));
  const pressure = meter.createObservableGauge("memctl.pressure", {
    description: "Part of the time that tasks waited for memory",
    unit: "1",
  });

  const from: Origin = {
    linux: sampler.adapter === "linux",
    estimated: sampler.signals.cgroupCurrent.estimate === true,
  };
  const collect = (result: MetricResult<Instrument>): void | Promise<void> => {
    const info = sampler.sample();
    return isThenable(info) ? info.then((info) => record(info, result)) : record(info, result);
  };
  const record = (info: MemInfo, result: MetricResult<Instrument>): void => {
    for (const { gauge, value } of gauges) {
      const bytes = value(info, from);
      if (bytes !== undefined) result.observe(gauge, bytes, attributes);
    }
    for (const [fraction, labels] of fractions(info.pressure)) {
      result.observe(pressure, fraction, { ...attributes, ...labels });
    }
  };

  const instruments = [...gauges.map(({ gauge }) => gauge), pressure];
  meter.addBatchObservableCallback(collect, instruments);
  let stopped = false;
  const stop = () => {
    if (stopped) return;
    stopped = true;
    meter.removeBatchObservableCallback(collect, instruments);
    if (options.sampler === undefined) sampler.close();
  };
  return { stop, [Symbol.dispose]: stop };
}

function* fractions(pressure: MemoryPressure | undefined): Iterable<[number, MetricAttributes]> {
  if (pressure === undefined) return;
  for (const kind of ["some", "full"] as const) {
    for (const seconds of [10, 60, 300] as const) {
      yield [pressure[kind][`avg${seconds}`] / 100, {
        "memctl.pressure.kind": kind,
        "memctl.pressure.window": `${seconds}s`,
      }];
    }
  }
}

function finite(value: number | undefined): value is number {
  return value !== undefined && value !== Infinity;
}

function checkMeter(meter: unknown): void {
  if (
    typeof meter !== "object" || meter === null ||
    typeof (meter as Partial<MeterLike<unknown>>).addBatchObservableCallback !== "function"
  ) {
    throw new TypeError(
      `'meter' must be a Meter of @opentelemetry/api 1.3 or later: current value is ${show(meter)}`,
    );
  }
}
