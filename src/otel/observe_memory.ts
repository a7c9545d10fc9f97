import { checkObject, checkOneOf } from "../check.ts";
import type { MemInfo } from "../mem_info.ts";
import type { Sampler, SamplerOptions, SamplerSource } from "../sampler.ts";
import { openSource, readSamplerSource, type SourceSettings } from "../sampler_source.ts";
import { adopt } from "../thenable.ts";
import { checkMeter, type MeterLike, type MetricAttributes, type MetricResult } from "./meter.ts";
import { createSeries, type Series } from "./series.ts";

export type { MeterLike, MetricAttributes, MetricResult } from "./meter.ts";

/**
 * Options of {@linkcode observeMemory}: what to report
 * ({@linkcode MetricsOptions}), and what to sample or your own sampler
 * ({@linkcode SamplerSource}). `observeMemory()` reads each option once.
 *
 * @since 0.1.0
 */
export type ObserveMemoryOptions = MetricsOptions & SamplerSource;

/**
 * Options of {@linkcode observeMemory} except those that say what to sample.
 *
 * @since 0.1.0
 */
export interface MetricsOptions {
  /** Which usage headroom subtracts. Default: `"workingSet"`. */
  usage?: SamplerOptions["usage"];
  /** Attributes of every measurement, such as the name of a worker. Default: none. */
  attributes?: MetricAttributes | undefined;
  /**
   * What to report for a series that had values and has none now, because a
   * limit was removed or {@linkcode MemoryMetrics.stop} was called.
   *
   * - `"absent"`: nothing. With cumulative temporality, `@opentelemetry/sdk-metrics` then repeats
   *   the last value. With delta temporality it exports nothing.
   * - `"NaN"`: NaN, which ends the series in Prometheus. The counter `memctl.container.events`
   *   keeps its last value. Some other backends reject every batch that contains NaN, and so does
   *   a collector that receives OTLP as JSON.
   *
   * Default: `"absent"`.
   */
  unavailable?: "absent" | "NaN" | undefined;
}

/**
 * The metrics that {@linkcode observeMemory} registered.
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

/**
 * Registers memory metrics on an OpenTelemetry meter. It takes one sample at each
 * collection, and starts no timer.
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
 * Names and units follow OpenTelemetry's semantic conventions where these have a
 * name: `process.memory.usage`, `system.memory.limit`,
 * `system.memory.linux.available`, `container.memory.usage`, `.working_set` and
 * `.available`, all in bytes (`By`). The other names begin with `memctl.`:
 * `headroom`, `container.limit`, `runtime.total`, `heap.used` and `heap.limit`.
 * With `pressure: true` there is also `pressure`, as a fraction of time (`1`) with
 * the attributes `memctl.pressure.kind` (`some`, `full`) and
 * `memctl.pressure.window` (`10s`, `60s`, `300s`). The counter
 * `memctl.container.events` has the kernel's {@linkcode CgroupEvents} by the
 * attribute `memctl.event`: `high`, `max`, `oom` and `oom_kill`. Signals that
 * are unavailable are not reported, and neither is an estimate of the
 * container's usage.
 *
 * A missing measurement does not end a series in every backend. With cumulative
 * temporality, which the Prometheus exporter always uses,
 * `@opentelemetry/sdk-metrics` 2.x repeats the last value until the process
 * ends. After a limit is removed, this affects `memctl.container.limit` and
 * `container.memory.available`. After `stop()` it affects every metric.
 * `memctl.headroom` stays right when a limit is removed. For Prometheus, set
 * `unavailable: "NaN"`. For OTLP, let the exporter use delta temporality for
 * gauges.
 *
 * @param meter A meter of the SDK of your choice.
 * @param options What to sample, and what to add to each measurement.
 * @returns The metrics; `stop()` removes them.
 * @throws {TypeError} If `meter` is not a meter, or an option is of the wrong type.
 * @throws {RangeError} If an option has an unknown value.
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
  const { series, instruments } = createSeries(meter, sampler, attributes);
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
    const events = sampler.cgroupEvents?.();
    for (const one of series) {
      const value = one.value(info, events);
      if (value !== undefined) {
        one.measured = true;
        result.observe(one.instrument, value, one.attributes);
      } else if (unavailable === "NaN" && isEnding(one)) {
        result.observe(one.instrument, NaN, one.attributes);
      }
    }
  };
  const remove = () => meter.removeBatchObservableCallback(collect, instruments);
  const endsLater = () => unavailable === "NaN" && series.some(isEnding);
  const end = (result: MetricResult<Instrument>): void => {
    if (!endsLater()) return;
    for (const one of series) {
      if (isEnding(one)) result.observe(one.instrument, NaN, one.attributes);
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

function isEnding({ measured, endsByNaN }: Series<unknown>): boolean {
  return measured && endsByNaN;
}
