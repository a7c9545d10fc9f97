// What a runtime tells of its process beyond the figures of a sample. Each call
// here may take milliseconds: none belongs on the path of a sample.

import process from "node:process";
import { clearTimeout, setTimeout } from "node:timers";
import v8 from "node:v8";
import { attempt } from "./engine.ts";
import { runtimeVersion } from "./runtime_version.ts";

/** Numbers by name. */
export type Figures = Record<string, number>;

/** What is quick to get. All sizes are bytes. */
export interface ProcessFacts {
  readonly runtime: string;
  readonly pid: number;
  /** Seconds since the start. */
  readonly uptime: number;
  /** `process.memoryUsage()`. */
  readonly usage: Figures | undefined;
  /** Objects of this isolate's heap, garbage included. Bun's `heapUsed` has external memory too. */
  readonly objectBytes: number | undefined;
  /** V8's statistics of the heap; `undefined` in Bun. */
  readonly heap: Figures | undefined;
  /** V8's spaces, the largest first; `undefined` in Bun. */
  readonly spaces: readonly object[] | undefined;
  /** How many handles and requests of each type keep the process alive. */
  readonly resources: Figures | undefined;
}

/** The part of a runtime's globals that is used. */
interface Jsc {
  heapStats?: () => Record<string, unknown> & { objectTypeCounts?: Figures };
}

const isBun = "Bun" in globalThis;
const MOST_TYPES = 50;

/** Looks at this process. It never throws. */
export function readProcessFacts(): ProcessFacts {
  const usage = attempt(() => ({ ...process.memoryUsage() }));
  return {
    runtime: describeRuntime(),
    pid: process.pid,
    uptime: process.uptime(),
    usage,
    objectBytes: usage && Math.max(0, usage.heapUsed - (isBun ? usage.external : 0)),
    // Bun answers for V8 from a walk over its heap, and its spaces are not V8's.
    heap: isBun ? undefined : attempt(() => ({ ...v8.getHeapStatistics() })),
    spaces: isBun
      ? undefined
      : attempt(() => v8.getHeapSpaceStatistics().sort((a, b) => b.space_size - a.space_size)),
    resources: attempt(countResources),
  };
}

/**
 * How many objects of each type are in the heap, the most frequent first, and
 * the engine's other figures. Only Bun's engine tells: it walks over the heap, 25
 * ms for a million objects. `undefined` elsewhere.
 */
export function readObjectTypes(): { figures: Figures; types: Figures } | undefined {
  if (!isBun) return undefined;
  return attempt(() => {
    const jsc = process.getBuiltinModule("bun:jsc") as Jsc | undefined;
    const stats = jsc?.heapStats?.();
    if (stats?.objectTypeCounts === undefined) return undefined;
    const figures: Figures = {};
    for (const [name, value] of Object.entries(stats)) {
      if (typeof value === "number") figures[name] = value;
    }
    return { figures, types: sorted(stats.objectTypeCounts, MOST_TYPES) };
  });
}

function describeRuntime(): string {
  const { name, version } = runtimeVersion();
  return `${name} ${version}, ${process.platform} ${process.arch}`;
}

/** `undefined` where the runtime has the function and it tells nothing, as in Bun. */
function countResources(): Figures | undefined {
  const timer = setTimeout(() => {}, 1_000_000);
  try {
    const names = process.getActiveResourcesInfo();
    const own = names.indexOf("Timeout");
    if (own < 0) return undefined;
    names.splice(own, 1);
    const counts: Figures = {};
    for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
    return sorted(counts, MOST_TYPES);
  } finally {
    clearTimeout(timer);
  }
}

function sorted(figures: Figures, most: number): Figures {
  const entries = Object.entries(figures).sort(([, a], [, b]) => b - a);
  return Object.fromEntries(entries.slice(0, most));
}
