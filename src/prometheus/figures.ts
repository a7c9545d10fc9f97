// Which metrics there are of a snapshot of memory, and what each is called.

import type { CgroupEvents } from "../cgroup_events.ts";
import type { MemInfo, MemoryPressure } from "../mem_info.ts";

/** How a cluster's primary process combines the values of its workers. */
export type Aggregator = "sum" | "min" | "max";

/** One value of a metric, with the labels that tell it from the others. */
export interface Value {
  readonly labels?: Readonly<Record<string, string>>;
  /** `undefined`: unavailable, so there is no such series. */
  readonly value: number | undefined;
}

/** What a registry tells of a metric besides its values. */
export interface Description {
  /** Without the prefix. */
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter";
  readonly aggregator: Aggregator;
}

/** A metric, and how its values are found. */
export interface Figure<Source> extends Description {
  readonly values: (source: Source) => readonly Value[];
}

/** A snapshot, and what to know of it. */
export interface Memory {
  readonly info: MemInfo;
  /** Whether the resident set stands in for the container's usage. */
  readonly estimated: boolean;
  /** The kernel's event counters; `undefined`: there are none. */
  readonly events: CgroupEvents | undefined;
}

/** A figure with one value. */
export function gauge<Source>(
  name: string,
  help: string,
  aggregator: Aggregator,
  value: (source: Source) => number | undefined,
): Figure<Source> {
  return { name, help, type: "gauge", aggregator, values: (source) => [{ value: value(source) }] };
}

/** A figure with one value, which counts from the start of the process. */
export function counter<Source>(
  name: string,
  help: string,
  value: (source: Source) => number | undefined,
): Figure<Source> {
  return { ...gauge(name, help, "sum", value), type: "counter" };
}

/**
 * The figures of a snapshot. The workers of a cluster share the host and the
 * cgroup, so those figures are not added up.
 */
export const MEMORY_FIGURES: readonly Figure<Memory>[] = [
  gauge(
    "memory_headroom_bytes",
    "Memory left before the limit, or on the host without a limit.",
    "min",
    ({ info }) => info.headroom(),
  ),
  gauge(
    "process_resident_bytes",
    "Resident set of this process.",
    "sum",
    ({ info }) => info.processRss,
  ),
  gauge("host_memory_bytes", "Memory of the host.", "max", ({ info }) => info.systemTotal),
  gauge(
    "host_available_bytes",
    "Memory of the host that new work can have without swapping.",
    "min",
    ({ info }) => info.systemAvailable,
  ),
  gauge(
    "cgroup_limit_bytes",
    "Hard limit of the effective cgroup; absent without a limit.",
    "max",
    ({ info }) => finite(info.cgroupLimit),
  ),
  gauge(
    "cgroup_usage_bytes",
    "Memory charged to the effective cgroup, page cache included.",
    "max",
    ({ info, estimated }) => estimated ? undefined : info.cgroupCurrent,
  ),
  gauge(
    "cgroup_working_set_bytes",
    "Memory charged to the effective cgroup, without inactive page cache.",
    "max",
    ({ info }) => info.cgroupWorkingSet,
  ),
  gauge("cgroup_available_bytes", "Limit of the effective cgroup less its working set.", "min", ({
    info: { cgroupLimit, cgroupWorkingSet: used },
  }) => {
    const limit = finite(cgroupLimit);
    return limit === undefined || used === undefined ? undefined : Math.max(0, limit - used);
  }),
  gauge(
    "engine_memory_bytes",
    "Memory that the JavaScript engine holds: committed heap and external memory.",
    "sum",
    ({ info }) => info.runtimeTotal,
  ),
  gauge(
    "engine_heap_used_bytes",
    "Heap in use: live objects, and garbage that is not collected yet.",
    "sum",
    ({ info }) => info.heapUsed,
  ),
  gauge(
    "engine_heap_limit_bytes",
    "Heap limit of the JavaScript engine.",
    "sum",
    ({ info }) => info.heapLimit,
  ),
  {
    name: "psi_ratio",
    help: "Share of the time window in which tasks waited for memory (PSI).",
    type: "gauge",
    aggregator: "max",
    values: ({ info: { pressure } }) => pressure === undefined ? [] : ratios(pressure),
  },
  {
    name: "psi_stalled_seconds_total",
    help: "Time in which tasks waited for memory (PSI).",
    type: "counter",
    aggregator: "max",
    values: ({ info: { pressure } }) => pressure === undefined ? [] : seconds(pressure),
  },
  {
    name: "cgroup_events_total",
    help: "Times that the cgroup was short of memory, by the kernel's counters.",
    type: "counter",
    aggregator: "max",
    values: ({ events }) => events === undefined ? [] : counts(events),
  },
];

/** The labels that the figures use themselves. */
export const OWN_LABELS: readonly string[] = ["kind", "window", "source", "event"];

const KINDS = ["some", "full"] as const;

function ratios(pressure: MemoryPressure): Value[] {
  return KINDS.flatMap((kind) =>
    ([10, 60, 300] as const).map((window) => ({
      labels: { kind, window: `${window}s` },
      value: pressure[kind][`avg${window}`] / 100,
    }))
  );
}

function seconds(pressure: MemoryPressure): Value[] {
  return KINDS.map((kind) => ({ labels: { kind }, value: pressure[kind].total / 1e6 }));
}

/** By the names that the kernel gives them. */
function counts({ high, max, oom, oomKill }: CgroupEvents): Value[] {
  return Object.entries({ high, max, oom, oom_kill: oomKill }).map(([event, value]) => ({
    labels: { event },
    value,
  }));
}

function finite(value: number | undefined): number | undefined {
  return value === Infinity ? undefined : value;
}
