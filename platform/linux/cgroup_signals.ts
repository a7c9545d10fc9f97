// Explains what was read of the cgroup, and what could not be. Nothing is read here.

import type { Wanted } from "../../src/fields.ts";
import type { Signal, Signals } from "../../src/sampler.ts";
import { unavailable } from "../engine.ts";
import { explainRssAsUsage, noteOfStated, STATED_LIMIT } from "../stated_limit.ts";
import type { Cgroup, PlacedReading } from "./cgroup.ts";

/** The signals of the memory files. */
export type CgroupSignals = Pick<
  Signals,
  "cgroupCurrent" | "cgroupLimit" | "cgroupWorkingSet"
>;

/**
 * Explains a reading.
 *
 * @param placeSource The file that the place was found by.
 * @param wanted What was asked for.
 * @param throttleLimit In bytes; `Infinity`: none.
 * @param residentSet Explains the resident set of this process, if it is this.
 */
export function explainCgroup(
  reading: PlacedReading,
  placeSource: string,
  { workingSet, limit: stated }: Wanted,
  throttleLimit: number,
  residentSet: (rss: number | undefined) => Signal,
): CgroupSignals {
  const where = ownFolder(reading) ?? placeSource;
  const { current, usageSource = where, usageProblem, controlled } = reading;
  const why = explainNone(reading);
  const notes = [uncertainty(reading)];
  if (reading.estimate) notes.push(`lower bound, as ${usageProblem}`);
  const cgroupLimit = explainLimit(reading, where, throttleLimit, stated);
  if (reading.rssStandsIn) return { cgroupLimit, ...explainRssAsUsage(residentSet(current)) };
  return {
    cgroupLimit,
    cgroupCurrent: current === undefined
      ? unavailable(usageSource, controlled ? usageProblem ?? why : why)
      : { ...available(usageSource, notes), ...(reading.estimate && { estimate: true }) },
    cgroupWorkingSet: explainWorkingSet(),
  };

  function explainWorkingSet(): Signal {
    if (!workingSet) return unavailable(where, `not asked for: set usage to "workingSet"`);
    const source = reading.usageSource === undefined ? where : `${usageSource} less memory.stat`;
    if (reading.workingSet !== undefined) {
      return { ...available(source, notes), ...(reading.estimate && { estimate: true }) };
    }
    const problem = current === undefined ? usageProblem : reading.workingSetProblem;
    return unavailable(source, controlled ? problem ?? why : why);
  }
}

/** Explains the kernel's events. */
export function explainEvents({ place, events, controlled, placeSource, doubt }: Cgroup): Signal {
  if (place.kind !== "found") return unavailable(placeSource, doubt ?? place.reason);
  const source = `${place.folders[0]}/memory.events`;
  if (place.version === 1) return unavailable(source, "cgroup v1 has no memory.events");
  if (events.problem !== undefined) return unavailable(source, events.problem);
  if (events.available) return { available: true, source };
  const why = controlled ? "" : `: ${doubt ?? "memory controller off"}`;
  return unavailable(source, `no memory.events at any level${why}`);
}

function explainLimit(
  reading: PlacedReading,
  where: string,
  throttleLimit: number,
  stated: number,
): Signal {
  const { limit, limitSource = where, limitProblems, controlled } = reading;
  const why = explainNone(reading);
  const throttle = throttleLimit < (limit ?? 0) && { throttleAt: throttleLimit };
  const isStated = limitSource === STATED_LIMIT;
  const ineffective = reading.statedIgnored ? "above host memory" : "leaves more";
  const statedNote = isStated || stated === Infinity
    ? undefined
    : noteOfStated(stated, ineffective);
  if (limit === undefined) {
    const reasons = [limitProblems[0] ?? why, statedNote];
    return { ...unavailable(limitSource, joined(reasons)), ...throttle };
  }
  const notes = [statedNote, uncertainty(reading)];
  if (isStated && reading.place.kind === "unknown") notes.push(`upper bound, as ${why}`);
  if (limitProblems.length > 0) notes.push(`upper bound, as ${limitProblems.join("; ")}`);
  if (!controlled && !isStated) notes.push(`no limit: ${why}`);
  return { ...available(limitSource, notes), ...throttle };
}

/** Why there is no limit, or none that can be seen. */
function explainNone({ place, doubt }: PlacedReading): string {
  if (doubt !== undefined) return doubt;
  if (place.kind !== "found") return place.reason;
  const file = place.version === 2 ? "memory.max" : "memory.limit_in_bytes";
  return `no ${file} at any level: memory controller off`;
}

function ownFolder({ place }: PlacedReading): string | undefined {
  return place.kind === "found" ? place.folders[0] : undefined;
}

function uncertainty({ place }: PlacedReading): string | undefined {
  return place.kind === "found" && place.uncertain !== undefined
    ? `uncertain: ${place.uncertain}`
    : undefined;
}

function available(source: string, notes: (string | undefined)[]): Signal {
  const note = joined(notes);
  return { available: true, source, ...(note !== "" && { note }) };
}

function joined(parts: (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join("; ");
}
