import type { LinuxReader } from "../../platform/linux/linux_reader.ts";
import type { LinuxReading } from "../../platform/linux/linux_signals.ts";
import { wantedOf } from "../../src/fields.ts";

/** The reading of every field. */
export function fullReading(
  reader: LinuxReader,
  workingSet: boolean,
  pressure = false,
): LinuxReading {
  return reader.readingOf(wantedOf({ usage: workingSet ? "workingSet" : "current", pressure }));
}
