/** The largest delay that timers take; above it they fire at once. */
export const MAX_INTERVAL: number = 2 ** 31 - 1;

/** A value as an error message shows it. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}

/**
 * Throws unless `value` is a number that keeps the rule.
 *
 * @param kind What it must be to be of the right type.
 * @param rule What it must be to be in range.
 * @param keeps Whether it is; asked only of numbers.
 */
export function checkNumber(
  name: string,
  value: unknown,
  kind: string,
  rule: string,
  keeps: (value: number) => boolean,
): asserts value is number {
  if (typeof value !== "number") {
    throw new TypeError(`'${name}' must be ${kind}: current value is ${show(value)}`);
  }
  if (!keeps(value)) {
    throw new RangeError(`'${name}' must be ${rule}: current value is ${value}`);
  }
}

/** Throws unless `value` is a period that timers keep. */
export function checkInterval(value: unknown, name = "interval"): asserts value is number {
  const rule = `above 0 and at most ${MAX_INTERVAL} milliseconds`;
  checkNumber(
    name,
    value,
    "a number of milliseconds",
    rule,
    (value) => value > 0 && value <= MAX_INTERVAL,
  );
}

/** Throws unless `value` is a function. */
export function checkFunction(
  name: string,
  value: unknown,
): asserts value is (...args: never[]) => unknown {
  if (typeof value !== "function") {
    throw new TypeError(`'${name}' must be a function: current value is ${show(value)}`);
  }
}

/** Throws unless `value` is `undefined` or a function. */
export function checkOptionalFunction(name: string, value: unknown): void {
  if (value !== undefined) checkFunction(name, value);
}

/** Throws unless `value` is `undefined` or a boolean. */
export function checkOptionalBoolean(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== "boolean") {
    throw new TypeError(`'${name}' must be a boolean: current value is ${show(value)}`);
  }
}

/** Throws unless `value` is `undefined` or an AbortSignal. */
export function checkOptionalSignal(name: string, value: unknown): void {
  if (value === undefined) return;
  // By shape: a signal from another realm is a good one.
  const signal = value as AbortSignal | null;
  if (
    typeof signal !== "object" || signal === null ||
    typeof signal.aborted !== "boolean" ||
    typeof signal.addEventListener !== "function" ||
    typeof signal.removeEventListener !== "function"
  ) {
    throw new TypeError(`'${name}' must be an AbortSignal: current value is ${show(value)}`);
  }
}

/** Throws unless `value` is an object. */
export function checkObject(name: string, value: unknown): asserts value is object {
  if (typeof value !== "object" || value === null) {
    throw new TypeError(`'${name}' must be an object: current value is ${show(value)}`);
  }
}

/** Throws unless `value` is `undefined` or an object with the method named. */
export function checkOptionalMethod(name: string, value: unknown, method: string): void {
  if (value === undefined) return;
  if (
    typeof value !== "object" || value === null ||
    typeof (value as Record<string, unknown>)[method] !== "function"
  ) {
    throw new TypeError(
      `'${name}' must be an object with a method ${method}(): current value is ${show(value)}`,
    );
  }
}

/**
 * Throws unless `value` has this property, which is not read.
 *
 * @param kind The kind of object that has it.
 */
export function checkShape(name: string, value: unknown, property: string, kind: string): void {
  if (typeof value === "object" && value !== null && property in value) return;
  throw new TypeError(`'${name}' must be ${kind}: current value is ${show(value)}`);
}

/** Throws unless `value` is `undefined` or has this property. */
export function checkOptionalShape(
  name: string,
  value: unknown,
  property: string,
  kind: string,
): void {
  if (value !== undefined) checkShape(name, value, property, kind);
}

/** Throws unless `value` is `undefined` or one of these strings. */
export function checkOneOf(name: string, value: unknown, allowed: readonly string[]): void {
  if (value === undefined) return;
  const rule = `'${name}' must be one of ${allowed.map(show).join(", ")}`;
  if (typeof value !== "string") throw new TypeError(`${rule}: current value is ${show(value)}`);
  if (!allowed.includes(value)) throw new RangeError(`${rule}: current value is ${show(value)}`);
}
