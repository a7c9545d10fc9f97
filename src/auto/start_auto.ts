import { openSampler } from "../host/sampling.ts";
import { limitOf } from "../limit_of.ts";
import { adopt } from "../thenable.ts";
import { Place } from "../watchdog/place.ts";
import type { Watchdog } from "../watchdog/handle.ts";
import { watchdog } from "../watchdog/watchdog.ts";
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
  const problem = options.heapLimit === undefined ? whyNoLimit() : undefined;
  if (problem !== undefined) {
    const message = `the watchdog is not started: ${problem.text}`;
    if (problem.isToBeChanged) print(message);
    else logger.info?.(message);
    return;
  }
  try {
    startUntilTakenOver(() => watchdog({ ...options, logger }));
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

/** Why there is nothing to stay below; `undefined`: there is a limit. */
function whyNoLimit(): { text: string; isToBeChanged: boolean } | undefined {
  const sampler = openSampler({ fields: ["headroom"] });
  try {
    const info = sampler.sample();
    // Where a sample takes time, nothing limits the memory of a process.
    if (adopt(info) !== undefined) {
      return { text: "there is no memory limit", isToBeChanged: false };
    }
    const { bytes, problem } = limitOf(info as MemInfo, sampler.signals);
    if (problem !== undefined) return { text: problem, isToBeChanged: true };
    if (bytes < Infinity) return undefined;
    return { text: "there is no memory limit", isToBeChanged: false };
  } finally {
    sampler.close();
  }
}
