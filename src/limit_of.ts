import type { MemInfo } from "./mem_info.ts";
import type { Signals } from "./sampler.ts";

/** The effective limit. */
export interface LimitHere {
  /** Bytes; `Infinity`: there is none. */
  readonly bytes: number;
  /** Where it was read. */
  readonly source: string;
  /** Why it cannot be told, if it cannot. */
  readonly problem?: string;
}

/** What the figures of a sample say of the limit. */
export function limitOf(
  { cgroupLimit }: Pick<MemInfo, "cgroupLimit">,
  signals: Signals,
): LimitHere {
  const { source, reason = "", throttleAt = Infinity } = signals.cgroupLimit;
  // The kernel throttles above memory.high, which ends as badly as memory.max.
  if (cgroupLimit !== undefined) return { bytes: Math.min(cgroupLimit, throttleAt), source };
  if (throttleAt < Infinity) return { bytes: throttleAt, source };
  if (hasNone(reason)) return { bytes: Infinity, source };
  return { bytes: Infinity, source, problem: `the limit cannot be read: ${reason}` };
}

/** Whether a limit is missing because nothing here can set one. */
function hasNone(reason: string): boolean {
  return reason.endsWith("memory controller off") || reason.includes("no source on ");
}
