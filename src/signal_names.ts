/**
 * The name of a signal: each field of {@linkcode MemInfo} but `at`.
 *
 * @since 0.1.0
 */
export type SignalName =
  | "systemAvailable"
  | "systemTotal"
  | "processRss"
  | "runtimeTotal"
  | "heapUsed"
  | "heapLimit"
  | "cgroupCurrent"
  | "cgroupLimit"
  | "cgroupWorkingSet"
  | "pressure";

/**
 * The name of a signal whose value is a number of bytes: each but `pressure`.
 *
 * @since 0.1.0
 */
export type SizeName = Exclude<SignalName, "pressure">;

/** Every signal in bytes, in the order in which people read them. */
export const SIZE_NAMES: readonly SizeName[] = [
  "systemAvailable",
  "systemTotal",
  "processRss",
  "runtimeTotal",
  "heapUsed",
  "heapLimit",
  "cgroupCurrent",
  "cgroupLimit",
  "cgroupWorkingSet",
];

/** Every signal, in the order in which people read them. */
export const SIGNAL_NAMES: readonly SignalName[] = [...SIZE_NAMES, "pressure"];
