// The values of a snapshot: what a sampler gave, and what comes from elsewhere.

import { checkNumber, checkObject } from "./check.ts";
import type {
  MemInfoInit,
  MemInfoJson,
  MemoryPressure,
  PressureFigures,
} from "./mem_info_types.ts";
import { SIZE_NAMES, type SizeName } from "./signal_names.ts";

/** A size in bytes; `undefined` for anything else. */
export function sizeOrNone(value: number | null | undefined): number | undefined {
  return typeof value === "number" && value >= 0 && value < Infinity ? value : undefined;
}

/** Whether there is no limit, as a number or as {@linkcode MemInfoJson} writes it. */
export function isUnlimited(init: Readonly<MemInfoInit | MemInfoJson>): boolean {
  const { cgroupLimit } = init;
  if (cgroupLimit !== null) return cgroupLimit === Infinity;
  return (init as MemInfoJson).cgroupUnlimited === true;
}

/** The same figures, which nobody can change. Parsers freeze theirs already. */
export function frozen(pressure: MemoryPressure | null): MemoryPressure | undefined {
  if (pressure === null) return undefined;
  const { some, full } = pressure;
  if (Object.isFrozen(pressure) && Object.isFrozen(some) && Object.isFrozen(full)) return pressure;
  return Object.freeze({ some: Object.freeze({ ...some }), full: Object.freeze({ ...full }) });
}

/** Throws unless each field holds a value of its type and range, or none. */
export function checkFields(source: object): void {
  const fields = source as Readonly<Record<string, unknown>>;
  const { at, pressure } = fields;
  if (at !== undefined && at !== null) {
    checkNumber("at", at, "a number of milliseconds", "finite", Number.isFinite);
  }
  for (const name of SIZE_NAMES) checkSize(name, fields[name]);
  if (pressure !== undefined && pressure !== null) checkPressure(pressure);
}

function checkSize(name: SizeName, value: unknown): void {
  if (value === undefined || value === null) return;
  const infinite = name === "cgroupLimit";
  checkNumber(
    name,
    value,
    "a number of bytes",
    infinite ? "at least 0" : "at least 0 and finite",
    (value) => value >= 0 && (infinite || value < Infinity),
  );
}

function checkPressure(pressure: unknown): void {
  checkObject("pressure", pressure);
  for (const kind of ["some", "full"] as const) {
    const figures: unknown = (pressure as Partial<MemoryPressure>)[kind];
    checkObject(`pressure.${kind}`, figures);
    for (const name of ["avg10", "avg60", "avg300", "total"] as const) {
      const value: unknown = (figures as Partial<PressureFigures>)[name];
      checkNumber(
        `pressure.${kind}.${name}`,
        value,
        "a number",
        "at least 0 and finite",
        (value) => value >= 0 && value < Infinity,
      );
    }
  }
}
