import type { MemInfo, SignalName } from "../mem_info.ts";
import type { Sampler } from "../sampler.ts";
import { NotSupportedError } from "./errors.ts";
import { cgroupGauge, systemGauge } from "./gauge.ts";
import { checkLimit } from "./settings.ts";
import type { Way } from "./start.ts";

/** The cgroup's memory, if it has a limit. */
export function findCgroup(first: MemInfo | undefined, sampler: Sampler): Way {
  if (first === undefined) {
    throw new NotSupportedError("cgroupDriven needs a cgroup, and this platform has none");
  }
  requireSignals("cgroupDriven", first, sampler, "cgroupLimit", "cgroupCurrent");
  if (first.cgroupLimit === Infinity) {
    const { source } = sampler.signals.cgroupLimit;
    throw new NotSupportedError(
      `cgroupDriven needs a cgroup limit, and none is set (${source}); systemDriven or heapDriven would work`,
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
