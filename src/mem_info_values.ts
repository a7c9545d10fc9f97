import { checkNumber, checkObject } from "./check.ts";
import type { MemoryPressure, PressureFigures } from "./mem_info.ts";
import { SIZE_NAMES, type SizeName } from "./signal_names.ts";

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
