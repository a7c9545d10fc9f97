// Explains what was read of the cgroup, and what could not be.

import type { Signal, Signals } from "../../src/sampler.ts";
import { unavailable } from "../engine.ts";
import type { Cgroup } from "./cgroup.ts";
import type { CgroupReading } from "./cgroup_levels.ts";

/** The signals of the memory files. */
export type CgroupSignals = Pick<
  Signals,
  "cgroupCurrent" | "cgroupLimit" | "cgroupWorkingSet"
>;

/** Explains the reading just made. */
export function explainCgroup(
  cgroup: Cgroup,
  reading: CgroupReading,
  workingSet: boolean,
): CgroupSignals {
  const { levels } = cgroup;
  const where = cgroup.ownFolder ?? cgroup.placeSource;
  const { current, limitSource, usageSource = where } = reading;
  const why = explainNone(cgroup);
  const usageProblem = levels?.explainUsage(limitSource);
  const notes = [uncertainty(cgroup)];
  if (reading.estimate) notes.push(`lower bound, as ${usageProblem}`);
  return {
    cgroupLimit: explainLimit(cgroup, reading, where),
    cgroupCurrent: current === undefined
      ? unavailable(usageSource, levels?.any ? usageProblem ?? why : why)
      : { ...available(usageSource, notes), ...(reading.estimate && { estimate: true }) },
    cgroupWorkingSet: explainWorkingSet(),
  };

  function explainWorkingSet(): Signal {
    if (!workingSet) return unavailable(where, `not asked for: set usage to "workingSet"`);
    const source = `${usageSource} less memory.stat`;
    if (reading.workingSet !== undefined) {
      return { ...available(source, notes), ...(reading.estimate && { estimate: true }) };
    }
    const problem = current === undefined ? usageProblem : levels?.explainWorkingSet(usageSource);
    return unavailable(source, levels?.any ? problem ?? why : why);
  }
}

/** Explains the kernel's events. */
export function explainEvents({ place, events, levels, placeSource, doubt }: Cgroup): Signal {
  if (place.kind !== "found") return unavailable(placeSource, doubt ?? place.reason);
  const source = `${place.folders[0]}/memory.events`;
  if (place.version === 1) return unavailable(source, "cgroup v1 has no memory.events");
  if (events.problem !== undefined) return unavailable(source, events.problem);
  if (events.available) return { available: true, source };
  const off = levels?.any ? "" : ": memory controller off";
  return unavailable(source, `no memory.events at any level${off}`);
}

function explainLimit(cgroup: Cgroup, { limit, limitSource }: CgroupReading, where: string) {
  const { levels } = cgroup;
  const problems = levels?.explainLimits() ?? [];
  const why = explainNone(cgroup);
  const throttleAt = levels?.readThrottleLimit() ?? Infinity;
  const throttle = throttleAt < (limit ?? 0) && { throttleAt };
  if (limit === undefined) {
    return { ...unavailable(limitSource ?? where, problems[0] ?? why), ...throttle };
  }
  const notes = [uncertainty(cgroup)];
  if (problems.length > 0) notes.push(`upper bound, as ${problems.join("; ")}`);
  if (limit === Infinity && !levels?.any) notes.push(`no limit: ${why}`);
  return { ...available(limitSource ?? where, notes), ...throttle };
}

/** Why there is no limit, or none that can be seen. */
function explainNone({ place, doubt }: Cgroup): string {
  if (doubt !== undefined) return doubt;
  if (place.kind !== "found") return place.reason;
  const file = place.version === 2 ? "memory.max" : "memory.limit_in_bytes";
  return `no ${file} at any level: memory controller off`;
}

function uncertainty({ place }: Cgroup): string | undefined {
  return place.kind === "found" && place.uncertain !== undefined
    ? `uncertain: ${place.uncertain}`
    : undefined;
}

function available(source: string, notes: (string | undefined)[]): Signal {
  const note = notes.filter((note) => note !== undefined).join("; ");
  return { available: true, source, ...(note !== "" && { note }) };
}
