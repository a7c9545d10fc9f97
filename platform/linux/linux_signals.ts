// Explains one reading of procfs and the cgroup. Nothing is read here.

import { MemInfo } from "../../src/mem_info.ts";
import type { Wanted } from "../../src/fields.ts";
import type { Signal, Signals } from "../../src/sampler.ts";
import { onlyAsked } from "../asked_signals.ts";
import { type Engine, unavailable } from "../engine.ts";
import type { KernelFile } from "../kernel_file.ts";
import { emptyPlacedReading, type PlacedReading } from "./cgroup.ts";
import type { CgroupWishes } from "./cgroup_levels.ts";
import { explainCgroup } from "./cgroup_signals.ts";

/**
 * The last reading of those with the same options, and why a value of it is
 * missing. Reused from sample to sample.
 */
export interface LinuxReading {
  readonly wanted: Wanted;
  /** The same for the cgroup. */
  readonly wishes: CgroupWishes & { enough: number };
  info: MemInfo;
  /** The last joint reading, and when it was taken in milliseconds. */
  joint: MemInfo | undefined;
  jointAt: number;
  readonly group: PlacedReading;
  /** Whether /proc/meminfo was read for it. */
  meminfoRead: boolean;
  /** Why /proc/meminfo could not be read. */
  meminfoProblem: string | undefined;
  /** Whether the engine's call told the resident set, so that no file was read. */
  engineRss: boolean;
  rssProblem: string | undefined;
  /** The file with the pressure; `undefined`: not asked for. */
  pressureSource: string | undefined;
  pressureProblem: string | undefined;
}

/** A reading in which nothing is known. */
export function emptyLinuxReading(wanted: Wanted, leastUsed: () => number): LinuxReading {
  const { workingSet, ownUsage, limit: stated } = wanted;
  return {
    wanted,
    wishes: { workingSet, ownUsage, leastUsed, stated, enough: Infinity },
    info: new MemInfo({ at: 0 }),
    joint: undefined,
    jointAt: 0,
    group: emptyPlacedReading(),
    meminfoRead: false,
    meminfoProblem: undefined,
    engineRss: false,
    rssProblem: undefined,
    pressureSource: undefined,
    pressureProblem: undefined,
  };
}

/** What is the same for every reading of one reader. */
export interface LinuxSources {
  engine: Engine;
  meminfo: KernelFile;
  rss: KernelFile;
  /** The file that the cgroup's place was found by. */
  placeSource: string;
}

/**
 * Explains each field of a reading.
 *
 * @param throttleLimit Of the cgroup in bytes; `Infinity`: none.
 */
export function explainReading(
  reading: LinuxReading,
  { engine, meminfo, rss, placeSource }: LinuxSources,
  throttleLimit: number,
): Omit<Signals, "pressureEvents"> {
  const { wanted, info, group, meminfoProblem } = reading;
  const { path } = meminfo;
  const residentSet = (value: number | undefined) =>
    reading.engineRss ? engine.rss! : explainRss(value, reading, rss);
  const cgroup = explainCgroup(group, placeSource, wanted, throttleLimit, residentSet);
  const fromMeminfo = (value: number | undefined): Signal =>
    value === undefined
      ? unavailable(
        path,
        meminfoProblem ?? `${path} is malformed: it has no such line with a size in kB`,
      )
      : { available: true, source: path };
  const hidden = group.waiting && meminfoProblem === undefined;
  const signals: Omit<Signals, "pressureEvents"> = {
    systemAvailable: hidden
      ? unavailable(path, `withheld while the cgroup is unknown: ${cgroup.cgroupLimit.reason}`)
      : fromMeminfo(info.systemAvailable),
    systemTotal: fromMeminfo(info.systemTotal),
    processRss: residentSet(info.processRss),
    ...engine.signals,
    ...cgroup,
    pressure: explainPressure(reading),
  };
  return onlyAsked(signals, wanted, info);
}

function explainRss(
  value: number | undefined,
  { rssProblem }: LinuxReading,
  { path }: KernelFile,
): Signal {
  return value === undefined ? unavailable(path, rssProblem!) : { available: true, source: path };
}

function explainPressure({ info, pressureSource: source, pressureProblem }: LinuxReading): Signal {
  if (source === undefined) {
    return unavailable("/proc/pressure/memory", "not asked for: set pressure to true");
  }
  return info.pressure === undefined
    ? unavailable(source, pressureProblem!)
    : { available: true, source };
}
