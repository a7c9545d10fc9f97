import { openSampler } from "../host/sampling.ts";
import { limitOf } from "../limit_of.ts";
import { adopt } from "../thenable.ts";
import { Place } from "../watchdog/place.ts";
import type { Watchdog } from "../watchdog/handle.ts";
import { watchdog, type WatchdogOptions } from "../watchdog/watchdog.ts";
import type { MemInfo } from "../mem_info.ts";
import { loggerOf } from "./log.ts";
import { readVariables } from "./read_variables.ts";
import type { Surroundings } from "./surroundings.ts";

/** Starts the watchdog if there is a limit. Nothing that fails here reaches the program. */
export function startAuto(surroundings: Surroundings): void {
  const { isMainThread, writeError } = surroundings;
  // Workers have the same variables and the same limit, so one line is enough.
  const print = (message: string) => isMainThread && writeError(`memctl: ${message}\n`);
  try {
    start(surroundings, print);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    print(`the watchdog is not started: ${message}`);
  }
}

function start(surroundings: Surroundings, print: (message: string) => unknown): void {
  const { isOff, log, options, explain } = readVariables((name) => surroundings.variable(name));
  if (isOff) return;
  const logger = loggerOf(log, (message) => surroundings.writeError(`memctl: ${message}\n`));
  if (Place.isTaken) {
    logger.info?.("auto: a watchdog is running already");
    return;
  }
  const found = options.heapLimit === undefined ? findLimit(options.limit) : {};
  if ("problem" in found) {
    const message = `the watchdog is not started: ${found.problem}`;
    if (found.isToBeChanged) print(message);
    else logger.info?.(message);
    return;
  }
  try {
    startUntilTakenOver(() => watchdog({ ...options, ...found, logger } as WatchdogOptions));
  } catch (error) {
    throw explain(error);
  }
}

/** Starts a watchdog that stops for another one, and starts again if that one fails to start. */
function startUntilTakenOver(begin: () => Watchdog): void {
  const dog = begin();
  Place.offer(() => {
    dog.stop();
    return () => startUntilTakenOver(begin);
  });
}

/** The limit to state to the watchdog, if it would not find it; or why there is none. */
function findLimit(
  stated: number | undefined,
): { limit?: number } | { problem: string; isToBeChanged: boolean } {
  const sampler = openSampler({ fields: ["headroom"], limit: stated });
  const none = { problem: "there is no memory limit", isToBeChanged: false };
  try {
    const info = sampler.sample();
    // Where a sample takes time, no cgroup limits the memory of a process.
    if (adopt(info) !== undefined) return stated === undefined ? none : {};
    const { cgroupLimit } = info as MemInfo;
    const { bytes, problem } = limitOf(info as MemInfo, sampler.signals);
    if (problem !== undefined) return { problem, isToBeChanged: true };
    if (bytes === Infinity) return none;
    // The limit that throttles is not one that a watchdog looks for.
    return bytes < (cgroupLimit ?? Infinity) ? { limit: bytes } : {};
  } finally {
    sampler.close();
  }
}
