// Which signals of a reading were asked for.

import type { Wanted } from "../src/fields.ts";
import { type MemInfo, type MemInfoInit, SIGNAL_NAMES, type SignalName } from "../src/mem_info.ts";
import type { Signal, Signals } from "../src/sampler.ts";
import { unavailable } from "./engine.ts";

/**
 * The signals of a snapshot, with those replaced that were not asked for.
 *
 * @param info The snapshot.
 */
export function onlyAsked<S extends Pick<Signals, SignalName>>(
  signals: S,
  wanted: Wanted,
  info: MemInfo,
): S {
  const asked: Record<string, Signal> = { ...signals };
  for (const name of SIGNAL_NAMES) {
    // Their own signals say why they were not read.
    if (name === "cgroupWorkingSet" || name === "pressure") continue;
    if (isAsked(name, wanted) || info[name] !== undefined) continue;
    asked[name] = unavailable(signals[name].source, reasonOf(name, wanted, info));
  }
  return asked as S;
}

/** Removes the fields that were not asked for. */
export function keepAsked(next: MemInfoInit, wanted: Wanted): void {
  const host = needsHost(wanted, next.cgroupLimit, next.cgroupCurrent);
  for (const name of SIGNAL_NAMES) {
    if (!isAsked(name, wanted) && !(host && isOfHost(name))) next[name] = undefined;
  }
}

/** Whether `headroom()` is asked for and needs the host's memory, for want of a limit or a usage. */
export function needsHost(
  wanted: Wanted,
  limit: number | undefined,
  usage: number | undefined,
): boolean {
  return wanted.headroom && (limit === undefined || limit === Infinity || usage === undefined);
}

function isAsked(name: SignalName, wanted: Wanted): boolean {
  return wanted[name] ||
    (wanted.headroom && (name === "cgroupLimit" || name === "cgroupCurrent"));
}

function isOfHost(name: SignalName): boolean {
  return name === "systemAvailable" || name === "systemTotal";
}

function reasonOf(name: SignalName, wanted: Wanted, info: MemInfo): string {
  return wanted.headroom && isOfHost(name) && info.cgroupLimit !== undefined
    ? "not read: headroom does not need it while a cgroup limit is effective"
    : `not asked for: name "${name}" in fields`;
}
