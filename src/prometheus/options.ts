import {
  checkInterval,
  checkObject,
  checkOptionalFunction,
  checkOptionalMethod,
  checkOptionalShape,
  show,
} from "../check.ts";
import type { Clock } from "../clock.ts";
import { systemClock } from "../host/sampling.ts";
import type { SamplerOptions, SamplerSource } from "../sampler.ts";
import { readSamplerSource, type SourceSettings } from "../sampler_source.ts";
import { OWN_LABELS } from "./figures.ts";
import type { ShedderFigures, WatchdogFigures } from "./parts.ts";

/**
 * Labels of every series, such as the name of a worker.
 *
 * @since 0.1.0
 */
export type MetricLabels = Record<string, string | number | boolean>;

/**
 * Options of `observeMemory`: what to report ({@linkcode MetricsOptions}), and
 * what to sample or the sampler that does ({@linkcode SamplerSource}).
 * `observeMemory()` reads each of them once.
 *
 * @since 0.1.0
 */
export type ObserveMemoryOptions = MetricsOptions & SamplerSource;

/**
 * The options of `observeMemory` besides what it samples.
 *
 * @since 0.1.0
 */
export interface MetricsOptions {
  /** What headroom subtracts. Default: `"workingSet"`. */
  usage?: SamplerOptions["usage"];
  /** What the name of every metric begins with. Default: `"memctl_"`. */
  prefix?: string | undefined;
  /**
   * Labels of every series. The names `kind`, `window`, `source` and `event`
   * are reserved. Default: none.
   */
  labels?: MetricLabels | undefined;
  /** A running watchdog, whose counters become metrics. Default: none. */
  watchdog?: WatchdogFigures | undefined;
  /** A load shedder, whose counters become metrics. Default: none. */
  shedder?: ShedderFigures | undefined;
  /**
   * Milliseconds that a scrape waits for a sampler that returns a promise. After
   * that the scrape has no figures of the sampler. Keep it below the
   * `scrape_timeout` of Prometheus. Default: 2,000.
   */
  timeout?: number | undefined;
  /**
   * Called when the sampler, the watchdog or the shedder fails, once until it
   * works again. Meanwhile the scrapes have no figures of it.
   */
  onError?: ((error: unknown) => void) | undefined;
  /** Measures `timeout`. Default: the clock of the runtime. */
  clock?: Clock | undefined;
}

/**
 * Ends the metrics.
 *
 * @since 0.1.0
 */
export interface MemoryMetrics extends Disposable {
  /**
   * Removes the metrics from the registry and closes the sampler. A scrape that
   * is under way ends at once, without these figures. Calling it twice is
   * harmless.
   */
  stop(): void;
}

/** The options, checked and with their defaults. */
export interface Settings extends SourceSettings {
  readonly prefix: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly watchdog: WatchdogFigures | undefined;
  readonly shedder: ShedderFigures | undefined;
  readonly timeout: number;
  readonly onError: MetricsOptions["onError"];
  readonly clock: Clock;
}

/**
 * Reads each option once.
 *
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {RangeError} If an option has a value that it does not know.
 */
export function readOptions(options: ObserveMemoryOptions): Settings {
  const source = readSamplerSource(options, { usage: "workingSet" });
  const { prefix = "memctl_", labels = {}, watchdog, shedder } = options;
  const { timeout = 2_000, onError, clock = systemClock } = options;
  checkPrefix(prefix);
  checkOptionalShape("watchdog", watchdog, "counters", "a Watchdog");
  checkOptionalShape("shedder", shedder, "closedBy", "a LoadShedder");
  checkInterval(timeout, "timeout");
  checkOptionalFunction("onError", onError);
  checkOptionalMethod("clock", clock, "every");
  return {
    ...source,
    prefix,
    labels: readLabels(labels),
    watchdog,
    shedder,
    timeout,
    onError,
    clock,
  };
}

function checkPrefix(prefix: unknown): void {
  if (typeof prefix !== "string") {
    throw new TypeError(`'prefix' must be a string: current value is ${show(prefix)}`);
  }
  if (!/^([a-zA-Z_:][a-zA-Z0-9_:]*)?$/.test(prefix)) {
    throw new RangeError(
      "'prefix' must have letters, digits, underscores and colons only, and no digit first: " +
        `current value is ${show(prefix)}`,
    );
  }
}

/** A copy with strings as values, because the registry shows others as they are. */
function readLabels(labels: MetricLabels): Record<string, string> {
  checkObject("labels", labels);
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [checkedName(name), text(name, value)]),
  );
}

function checkedName(name: string): string {
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) || name.startsWith("__")) {
    throw new RangeError(
      "a name in 'labels' must have letters, digits and underscores only, no digit first, " +
        `and must not begin with two underscores: current value is ${show(name)}`,
    );
  }
  if (OWN_LABELS.includes(name)) {
    throw new RangeError(
      `a name in 'labels' must not be one of ${OWN_LABELS.map(show).join(", ")}, ` +
        `which the metrics use themselves: current value is ${show(name)}`,
    );
  }
  return name;
}

function text(name: string, value: unknown): string {
  if (["string", "number", "boolean"].includes(typeof value)) return String(value);
  throw new TypeError(
    `'labels.${name}' must be a string, a number or a boolean: current value is ${show(value)}`,
  );
}
