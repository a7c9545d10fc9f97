import {
  checkFunction,
  checkInterval,
  checkNumber,
  checkObject,
  checkOptionalBoolean,
  checkOptionalFunction,
  checkOptionalMethod,
  show,
} from "../check.ts";
import { readSamplerSource } from "../sampler_source.ts";
import type { SamplerSource } from "../sampler.ts";
import type { RequestCost, RequestLike, ShedOptions } from "./options.ts";

/** Throws unless every option is one that can be used. */
export function checkShedOptions<R extends RequestLike>(options: ShedOptions<R>): void {
  readSamplerSource(options as SamplerSource);
  if (options.headroom !== undefined && options.levels !== undefined) {
    throw new TypeError("'headroom' and 'levels' exclude each other: current value is both");
  }
  checkCount("inFlight", options.inFlight);
  if (options.maxRss !== undefined) checkSize("maxRss", options.maxRss);
  if (options.maxHeapUsed !== undefined) checkSize("maxHeapUsed", options.maxHeapUsed);
  checkCost(options.perRequest);
  if (options.maxAge !== undefined) checkSize("maxAge", options.maxAge);
  for (const [name, level] of Object.entries(options.levels ?? {})) {
    checkObject(`levels.${name}`, level);
    checkCount(`levels.${name}.inFlight`, level.inFlight);
    if (level.priority !== undefined) checkPriority(`levels.${name}.priority`, level.priority);
  }
  checkOptionalFunction("priority", options.priority);
  checkOptionalFunction("onRefused", options.onRefused);
  checkOptionalBoolean("collect", options.collect);
  checkOptionalBoolean("trial", options.trial);
  if (options.leaseTimeout !== undefined && options.leaseTimeout !== Infinity) {
    checkInterval(options.leaseTimeout, "leaseTimeout");
  }
  checkOptionalFunction("onExpired", options.onExpired);
  checkOptionalFunction("onError", options.onError);
  checkOptionalFunction("gc", options.gc);
  checkExempt(options.exempt);
  if (typeof options.retryAfter !== "function") checkRetryAfter(options.retryAfter ?? 1);
  checkOptionalMethod("clock", options.clock, "every");
}

/** Throws unless it is a number that priorities can be compared by. */
export function checkPriority(name: string, value: unknown): asserts value is number {
  if (typeof value !== "number" || Number.isNaN(value)) {
    throw new TypeError(`'${name}' must be a number: current value is ${show(value)}`);
  }
}

/** Throws unless it is a whole number of seconds. */
export function checkRetryAfter(value: unknown): asserts value is number {
  checkNumber(
    "retryAfter",
    value,
    "a number of seconds or a function",
    "a whole number of seconds from 0 up",
    (value) => Number.isSafeInteger(value) && value >= 0,
  );
}

function checkCount(name: string, value: unknown): void {
  if (value === undefined || value === Infinity) return;
  checkNumber(
    name,
    value,
    "a number of requests",
    "a whole number from 0 up",
    (value) => Number.isInteger(value) && value >= 0,
  );
}

/** Throws unless it is a number of bytes or milliseconds. */
export function checkSize(name: string, value: unknown): asserts value is number {
  checkNumber(
    name,
    value,
    "a number",
    "at least 0 and finite",
    (value) => value >= 0 && value < Infinity,
  );
}

function checkCost(value: unknown): void {
  if (value === undefined || typeof value === "function") return;
  if (typeof value !== "object" || value === null) return checkSize("perRequest", value);
  const { bytes, within } = value as RequestCost;
  if (typeof bytes !== "function") checkSize("perRequest.bytes", bytes);
  checkInterval(within, "perRequest.within");
}

function checkExempt(value: unknown): void {
  if (value === undefined || typeof value === "function") return;
  if (!Array.isArray(value)) return checkFunction("exempt", value);
  for (const entry of value) {
    const isPath = typeof entry === "string" && entry.startsWith("/");
    if (!isPath && !(entry instanceof RegExp)) {
      throw new TypeError(
        `'exempt' must hold paths that begin with "/" or patterns: current value is ${show(entry)}`,
      );
    }
  }
}
