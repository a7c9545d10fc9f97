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
  const { cgroupLimit, cgroupCurrent } = next;
  const limited = cgroupLimit !== undefined && cgroupLimit !== Infinity;
  const needsSystem = wanted.headroom && !(limited && cgroupCurrent !== undefined);
  for (const name of SIGNAL_NAMES) {
    const isSystem = name === "systemAvailable" || name === "systemTotal";
    if (!isAsked(name, wanted) && !(isSystem && needsSystem)) next[name] = undefined;
  }
}

function isAsked(name: SignalName, wanted: Wanted): boolean {
  return wanted[name] ||
    (wanted.headroom && (name === "cgroupLimit" || name === "cgroupCurrent"));
}

function reasonOf(name: SignalName, wanted: Wanted, info: MemInfo): string {
  const isSystem = name === "systemAvailable" || name === "systemTotal";
  return wanted.headroom && isSystem && info.cgroupLimit !== undefined
    ? "not read: headroom does not need it while a cgroup limit is effective"
    : `not asked for: name "${name}" in fields`;
}
