import type { MemInfo, SignalName } from "../mem_info.ts";
import type { Sampler } from "../sampler.ts";
import { NotSupportedError } from "./errors.ts";
import { cgroupGauge, statedGauge, systemGauge } from "./gauge.ts";
import { checkLimit } from "./settings.ts";
import type { Way } from "./start.ts";

/**
 * The cgroup's memory, if it has a limit.
 *
 * @param stated The limit that the user stated, in bytes.
 */
export function findCgroup(
  first: MemInfo | undefined,
  sampler: Sampler,
  stated: number | undefined,
): Way {
  // Where the first snapshot takes time, it alone tells whether that limit counts.
  if (first === undefined && stated !== undefined) return { gauge: statedGauge };
  if (first === undefined) {
    throw new NotSupportedError("cgroupDriven needs a cgroup, and this platform has none");
  }
  requireSignals("cgroupDriven", first, sampler, "cgroupLimit", "cgroupCurrent");
  if (first.cgroupLimit === Infinity) {
    const { source, note } = sampler.signals.cgroupLimit;
    const where = note === undefined ? source : `${source}: ${note}`;
    throw new NotSupportedError(
      `cgroupDriven needs a cgroup limit, and none is set (${where}); systemDriven or heapDriven would work`,
    );
  }
  return { gauge: cgroupGauge };
}

/** The host's memory, or `limit` bytes of it. */
export function findSystem(
  first: MemInfo | undefined,
  sampler: Sampler,
  limit: number | undefined,
): Way {
  if (limit !== undefined) checkLimit("limit", limit, first?.systemTotal);
  requireSignals("systemDriven", first, sampler, "systemTotal", "systemAvailable");
  return { gauge: systemGauge(limit) };
}

/** Throws unless the first snapshot, if there is one, has these signals. */
export function requireSignals(
  way: string,
  info: MemInfo | undefined,
  sampler: Sampler,
  ...names: SignalName[]
): void {
  if (info === undefined) return;
  for (const name of names) {
    if (info[name] !== undefined) continue;
    const { reason, source } = sampler.signals[name];
    throw new NotSupportedError(`${way} needs ${name}: ${reason ?? `${source} cannot be read`}`);
  }
}
