import type { ProcessFacts } from "../host/watchdog.ts";
import type { MemInfo, MemInfoJson, Tightest } from "../mem_info.ts";
import type { Scope } from "../scope.ts";
import type { WatchdogCounters } from "./events.ts";

/**
 * The result of an attempt to write a file: the name of the file, or the reason
 * why there is none.
 *
 * @since 0.1.0
 */
export interface EvidenceFile {
  /** Its name in the folder of the report, or a path. */
  readonly file?: string;
  /** Why there is none. */
  readonly reason?: string;
  /** Of a profile: when sampling began. Objects from before are not in it. */
  readonly since?: number;
}

/**
 * One part of the memory, for the list of the biggest.
 *
 * @since 0.1.0
 */
export interface MemoryPart {
  /** Which memory it is. */
  readonly part: string;
  /** Its size in bytes. */
  readonly bytes: number;
}

/**
 * The content of a `*.evidence.json` file. All sizes are bytes, and all times
 * milliseconds since the epoch.
 *
 * @since 0.1.0
 */
export interface EvidenceReport {
  /** What the file is, for programs that read it. */
  readonly memctl: "evidence";
  /** Of this format. */
  readonly version: 1;
  /** When the report was begun. */
  readonly at: number;
  /** Whether everything was tried: `profile`, `heapSnapshot` and `objectTypes` are final. */
  readonly complete: boolean;
  /** The runtime, its version, the operating system and the processor. */
  readonly runtime: string;
  /** The process. */
  readonly pid: number;
  /** Seconds since the start of the process. */
  readonly uptime: number;
  /** The ceiling that is close: of the cgroup, the host, or the engine's heap. */
  readonly ceiling: Scope;
  /** Usage below that ceiling. */
  readonly used: number;
  /** The ceiling. */
  readonly limit: number;
  /** Usage at which the report was due. */
  readonly threshold: number;
  /** A snapshot of all figures, as {@linkcode MemInfo.toJSON} gives it. */
  readonly memory: MemInfoJson;
  /** The nearest ceiling of that snapshot. */
  readonly tightest: Tightest | undefined;
  /** What the memory is, the biggest part first. Parts of one process do not overlap. */
  readonly biggest: readonly MemoryPart[];
  /** `process.memoryUsage()`. */
  readonly usage: Readonly<Record<string, number>> | undefined;
  /** V8's heap statistics; in Bun those of its engine. */
  readonly heap: Readonly<Record<string, number>> | undefined;
  /** V8's heap by space, the biggest first; `undefined` in Bun. */
  readonly spaces: readonly object[] | undefined;
  /** In Bun: how many objects of each type are in the heap, the most frequent first. */
  readonly objectTypes: Readonly<Record<string, number>> | undefined;
  /** How many active handles and requests there are of each type; `undefined` in Bun. */
  readonly resources: Readonly<Record<string, number>> | undefined;
  /** What the watchdog had done. */
  readonly watchdog: WatchdogCounters | undefined;
  /** The names of the columns of `samples`. */
  readonly sampleColumns: readonly string[];
  /** The last minute or more, the oldest first. `null`: unknown. */
  readonly samples: readonly (readonly (number | null)[])[];
  /** The sampling profile of the allocations. */
  readonly profile: EvidenceFile;
  /** The full heap snapshot. */
  readonly heapSnapshot: EvidenceFile;
}

/** What the memory is, the biggest part first. Parts that are unknown are left out. */
export function findBiggest(info: MemInfo, { usage, objectBytes }: ProcessFacts): MemoryPart[] {
  const { processRss, runtimeTotal, cgroupCurrent, cgroupWorkingSet } = info;
  const parts: [string, number | undefined][] = [
    ["objects in this isolate's heap", objectBytes],
    ["buffers and other external memory of this isolate", usage?.external],
    ["heap that this isolate keeps for reuse", less(usage?.heapTotal, objectBytes)],
    [
      "this process outside this isolate: native code, other isolates, free memory that the " +
      "allocator keeps, program code",
      less(processRss, runtimeTotal),
    ],
    ["other processes of the cgroup, and kernel memory", less(cgroupWorkingSet, processRss)],
    ["page cache of the cgroup that the kernel drops first", less(cgroupCurrent, cgroupWorkingSet)],
  ];
  const known: MemoryPart[] = [];
  for (const [part, bytes] of parts) {
    if (bytes !== undefined) known.push({ part, bytes: Math.max(0, bytes) });
  }
  return known.sort((a, b) => b.bytes - a.bytes);
}

function less(whole: number | undefined, part: number | undefined): number | undefined {
  return whole === undefined || part === undefined ? undefined : whole - part;
}
