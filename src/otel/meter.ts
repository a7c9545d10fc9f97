import { show } from "../check.ts";

/**
 * Attributes of a measurement.
 *
 * @since 0.1.0
 */
export type MetricAttributes = Record<string, string | number | boolean>;

/**
 * Takes the measurements of one collection.
 *
 * @since 0.1.0
 */
export interface MetricResult<Instrument> {
  /** Records one value of one instrument. */
  observe(instrument: Instrument, value: number, attributes?: MetricAttributes): void;
}

/**
 * The part of the `Meter` of `@opentelemetry/api` that memctl uses. Versions from
 * 1.3 on have it.
 *
 * @since 0.1.0
 */
export interface MeterLike<Instrument> {
  /** Makes a gauge. */
  createObservableGauge(
    name: string,
    options: { description: string; unit: string },
  ): Instrument;
  /** Makes a counter whose total is told at each collection. */
  createObservableCounter(
    name: string,
    options: { description: string; unit: string },
  ): Instrument;
  /** Registers a callback for each collection. */
  addBatchObservableCallback(
    callback: (result: MetricResult<Instrument>) => void | Promise<void>,
    instruments: Instrument[],
  ): void;
  /** Removes such a callback. */
  removeBatchObservableCallback(
    callback: (result: MetricResult<Instrument>) => void | Promise<void>,
    instruments: Instrument[],
  ): void;
}

const METER_METHODS = [
  "createObservableGauge",
  "createObservableCounter",
  "addBatchObservableCallback",
  "removeBatchObservableCallback",
] as const;

/** Throws unless it has what {@linkcode MeterLike} names. */
export function checkMeter(meter: unknown): void {
  if (
    typeof meter !== "object" || meter === null ||
    METER_METHODS.some((name) => typeof (meter as MeterLike<unknown>)[name] !== "function")
  ) {
    throw new TypeError(
      `'meter' must be a Meter of @opentelemetry/api 1.3 or later: current value is ${show(meter)}`,
    );
  }
}
