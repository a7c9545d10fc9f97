import type { LinuxReader } from "../../platform/linux/linux_reader.ts";
import type { LinuxReading } from "../../platform/linux/linux_signals.ts";
import { wantedOf } from "../../src/fields.ts";

/** The reading of every field but the pressure. */
export function fullReading(reader: LinuxReader, workingSet: boolean): LinuxReading {
  return reader.readingOf(wantedOf({ usage: workingSet ? "workingSet" : "current" }));
}
