// The limit that the user states, because it cannot be seen from inside.

import { formatBytes } from "../src/bytes.ts";
import type { MemInfo, MemInfoInit } from "../src/mem_info.ts";
import type { Signal, Signals } from "../src/sampler.ts";
import { unavailable } from "./engine.ts";

/** The source of such a limit. */
export const STATED_LIMIT = "option limit";

/** What became of it in a snapshot. `undefined`: none was stated. */
export type Stated = "effective" | "leaves more" | "above host memory" | undefined;

const STANDS_IN = "the resident set of the process stands in for the cgroup's usage";

/** Takes the limit over into a snapshot that has no usage but the resident set. */
export function takeStated(next: MemInfoInit, limit: number): Stated {
  if (limit === Infinity) return undefined;
  if (limit > (next.systemTotal ?? Infinity)) return "above host memory";
  if (limit >= (next.cgroupLimit ?? Infinity)) return "leaves more";
  next.cgroupLimit = limit;
  next.cgroupCurrent = next.processRss;
  return "effective";
}

/** Explains such a snapshot. */
export function explainStated(
  signals: Signals,
  limit: number,
  stated: Stated,
  { cgroupCurrent: rss }: Pick<MemInfo, "cgroupCurrent">,
): Signals {
  const { cgroupLimit, processRss } = signals;
  if (stated === "effective") {
    const own = { available: true, source: STATED_LIMIT };
    // It may have been read for the usage alone.
    const source = rss === undefined ? processRss : { ...own, source: processRss.source };
    return { ...signals, ...explainRssAsUsage(source), cgroupLimit: own };
  }
  const note = noteOfStated(limit, stated);
  return note === undefined ? signals : { ...signals, cgroupLimit: noted(cgroupLimit, note) };
}

/** Explains a usage for which the resident set stands in. */
export function explainRssAsUsage(
  processRss: Signal,
): Pick<Signals, "cgroupCurrent" | "cgroupWorkingSet"> {
  const { available, source } = processRss;
  return {
    cgroupCurrent: available
      ? { available, source, estimate: true, note: `estimate: ${STANDS_IN}` }
      : processRss,
    cgroupWorkingSet: unavailable(source, STANDS_IN),
  };
}

/** Says that the limit has no effect, if it has none. */
export function noteOfStated(limit: number, stated: Stated): string | undefined {
  const size = `the option limit, ${formatBytes(limit)},`;
  switch (stated) {
    case "leaves more":
      return `${size} leaves more`;
    case "above host memory":
      return `${size} is above host memory and is ignored`;
    default:
      return undefined;
  }
}

function noted(signal: Signal, note: string): Signal {
  const before = signal.available ? signal.note : signal.reason;
  const text = before === undefined ? note : `${before}; ${note}`;
  return signal.available ? { ...signal, note: text } : { ...signal, reason: text };
}
