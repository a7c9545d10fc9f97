// What is worth reporting about a process's memory, and what to do about it.

import { formatBytes } from "../bytes.ts";
import type { MemInfo } from "../mem_info.ts";
import type { Setting } from "../plan/setting.ts";
import type { Signals } from "../sampler.ts";
import { wholeOf } from "../size.ts";
import { heapFindings, type Subject } from "./heap_findings.ts";

/** A JavaScript runtime. */
export type RuntimeName = "deno" | "bun" | "node";

/** One thing found. */
export interface Finding {
  /** Stable, for machines. */
  id: string;
  /** `"problem"`: it will hurt; `"advice"`: better changed; `"note"`: good to know. */
  severity: "problem" | "advice" | "note";
  message: string;
  /** What to change. */
  advice?: string;
  /** The variables to set, each with its reason. */
  settings?: readonly Setting[];
}

/** Part of the limit that page cache must take to be worth a word. */
const CACHE_SHARE = 0.1;
/** Part of the limit below which headroom is short. */
const SHORT = 0.1;
/** Percent of the time that tasks may wait for memory. */
const PRESSURE = 10;

/** What frees memory that the allocator keeps, in each runtime. */
const RETURN: { readonly [runtime in RuntimeName]: string } = {
  deno: "start Deno with DENO_USR2_MEMORY_TRIM=1, and watchdog() of @x/memctl/watchdog returns " +
    "what is free of it to the kernel",
  bun: "watchdog() of @x/memctl/watchdog returns what is free of it to the kernel",
  node: "Node has no call that returns what is free of it: MALLOC_ARENA_MAX=2 and " +
    "MALLOC_MMAP_THRESHOLD_=1048576 in its environment keep it small",
};

/**
 * Looks a snapshot over, taken with the working set.
 *
 * @param subject Whose memory it is of.
 */
export function findingsOf(info: MemInfo, signals: Signals, subject: Subject): Finding[] {
  return [
    ...permissions(signals),
    ...container(info, signals),
    ...heapFindings(info, signals, subject),
    ...outsideHeap(info, subject),
    ...cache(info),
    ...shortage(info),
  ];
}

function* permissions(signals: Signals): Iterable<Finding> {
  const kept = Object.entries(signals).filter(([, { reason }]) => reason?.startsWith("Deno needs"));
  if (kept.length > 0) {
    yield {
      id: "permissions",
      severity: "problem",
      message: `Deno's sandbox hides these values: ${kept.map(([name]) => name).join(", ")}`,
      advice: "start it with --allow-all: Deno reads /proc and /sys with nothing less " +
        "(--allow-sys=systemMemoryInfo gives host memory and an estimate)",
    };
  }
  if (signals.cgroupCurrent.estimate) {
    yield {
      id: "estimate",
      severity: "advice",
      message: "the container's usage is an estimate: the resident set of this process, " +
        "without other processes and page cache",
    };
  }
}

function* container({ cgroupLimit }: MemInfo, { cgroupLimit: signal }: Signals): Iterable<Finding> {
  const { available, note, throttleAt, reason } = signal;
  if (!available && !reason?.includes("Deno needs")) {
    yield {
      id: "limit-unknown",
      severity: "advice",
      message: `it is unknown whether the container has a limit: ${reason}`,
      advice: "until then headroom is that of the host; mount the container's own cgroup",
    };
  } else if (cgroupLimit === Infinity) {
    yield {
      id: "no-limit",
      severity: "note",
      message: "there is no container limit, so headroom is that of the host",
    };
  }
  if (note?.startsWith("uncertain")) {
    yield {
      id: "uncertain",
      severity: "advice",
      message: `the container's limit is ${note}`,
      advice: "remount /sys/fs/cgroup inside the cgroup namespace",
    };
  }
  if (throttleAt !== undefined) {
    yield {
      id: "throttled",
      severity: "advice",
      message: `memory.high slows the container down from ${formatBytes(throttleAt)} on, ` +
        `before its limit of ${describe(cgroupLimit)}`,
      advice: "act on thresholds below memory.high, or raise it",
    };
  }
}

/** The gap between the resident set and the heap. */
function* outsideHeap(
  { processRss, runtimeTotal }: MemInfo,
  { runtime, anonymous }: Subject,
): Iterable<Finding> {
  if (processRss === undefined || runtimeTotal === undefined || runtime === undefined) return;
  const outside = processRss - runtimeTotal;
  if (outside <= runtimeTotal) return;
  const parts = anonymous === undefined
    ? "program code, native memory, and freed memory that the allocator keeps"
    : `${formatBytes(Math.max(0, processRss - anonymous))} are program code and other files, ` +
      `and ${formatBytes(Math.max(0, anonymous - runtimeTotal))} are native memory and freed ` +
      "memory that the allocator keeps";
  yield {
    id: "outside-heap",
    severity: "note",
    message: `${formatBytes(outside)} of this process's ${formatBytes(processRss)} are outside ` +
      `the engine's heap: ${parts}`,
    advice: RETURN[runtime],
  };
}

function* cache({ cgroupLimit, cgroupCurrent, cgroupWorkingSet }: MemInfo): Iterable<Finding> {
  if (cgroupLimit === undefined || cgroupLimit === Infinity) return;
  if (cgroupCurrent === undefined || cgroupWorkingSet === undefined) return;
  const cached = cgroupCurrent - cgroupWorkingSet;
  if (cached < cgroupLimit * CACHE_SHARE) return;
  yield {
    id: "page-cache",
    severity: "advice",
    message: `${formatBytes(cached)} of the container's usage is page cache that the kernel ` +
      "drops before an OOM kill",
    advice: 'shed load and scale by usage: "workingSet"',
  };
}

function* shortage(info: MemInfo): Iterable<Finding> {
  const { pressure } = info;
  const headroom = info.headroom();
  const whole = wholeOf(info);
  if (headroom !== undefined && headroom < whole * SHORT) {
    yield {
      id: "short",
      severity: "problem",
      message: `only ${formatBytes(headroom)} of ${formatBytes(whole)} are left`,
      advice: "raise the limit, or use less",
    };
  }
  if (pressure !== undefined && pressure.some.avg10 > PRESSURE) {
    yield {
      id: "pressure",
      severity: "problem",
      message: `tasks waited for memory ${pressure.some.avg10} % of the last 10 seconds`,
      advice: "raise the limit, or use less",
    };
  }
}

function describe(limit: number | undefined): string {
  return limit === undefined ? "unknown size" : limit === Infinity ? "none" : formatBytes(limit);
}
