// What is reported: each instrument, and its series.

import type { CgroupEvents } from "../cgroup_events.ts";
import type { MemInfo, MemoryPressure } from "../mem_info.ts";
import type { Sampler } from "../sampler.ts";
import type { MeterLike, MetricAttributes } from "./meter.ts";

/** One series of an instrument. */
export interface Series<Instrument> {
  readonly instrument: Instrument;
  readonly attributes: MetricAttributes;
  readonly value: (info: MemInfo, events: CgroupEvents | undefined) => number | undefined;
  /**
   * Whether NaN can end it. The SDK adds up a counter, which would then be NaN for good.
   */
  readonly endsByNaN: boolean;
  /** Whether it has had a value since the last end. */
  measured: boolean;
}

/** Makes the instruments on a meter, and their series. */
export function createSeries<Instrument>(
  meter: MeterLike<Instrument>,
  sampler: Sampler,
  attributes: MetricAttributes,
): { series: Series<Instrument>[]; instruments: Instrument[] } {
  const from: Origin = {
    linux: sampler.adapter === "linux",
    estimated: sampler.signals.cgroupCurrent.estimate === true,
  };
  const gauges = GAUGES.map(([name, description, value]) => ({
    instrument: meter.createObservableGauge(name, { description, unit: "By" }),
    value,
  }));
  const pressure = meter.createObservableGauge("memctl.pressure", {
    description: "Fraction of time that tasks waited for memory (PSI)",
    unit: "1",
  });
  const events = meter.createObservableCounter("memctl.container.events", {
    description: "Times that the cgroup was short of memory, by the kernel's counters",
    unit: "{event}",
  });
  const instruments = [...gauges.map(({ instrument }) => instrument), pressure, events];
  const series: Series<Instrument>[] = [
    ...gauges.map(({ instrument, value }) => ({
      instrument,
      attributes,
      value: (info: MemInfo) => value(info, from),
      endsByNaN: true,
      measured: false,
    })),
    ...FRACTIONS.map(([labels, value]) => ({
      instrument: pressure,
      attributes: { ...attributes, ...labels },
      value: ({ pressure }: MemInfo) => pressure === undefined ? undefined : value(pressure),
      endsByNaN: true,
      measured: false,
    })),
    ...EVENTS.map(([event, value]) => ({
      instrument: events,
      attributes: { ...attributes, "memctl.event": event },
      value: (_info: MemInfo, counts: CgroupEvents | undefined) =>
        counts === undefined ? undefined : value(counts),
      endsByNaN: false,
      measured: false,
    })),
  ];
  return { series, instruments };
}

/** Where the values come from. */
interface Origin {
  linux: boolean;
  /** Whether the container's usage is an estimate: the resident set. */
  estimated: boolean;
}

/** Name, description and value of each gauge. Unit: bytes. */
const GAUGES: readonly (readonly [
  name: string,
  description: string,
  value: (info: MemInfo, from: Origin) => number | undefined,
])[] = [
  ["process.memory.usage", "Resident set of this process", (info) => info.processRss],
  ["system.memory.limit", "Total host memory", (info) => info.systemTotal],
  [
    "system.memory.linux.available",
    "Host memory that new work can use without swapping (MemAvailable)",
    (info, { linux }) => linux ? info.systemAvailable : undefined,
  ],
  [
    "memctl.system.available",
    "Host memory that new work can use without swapping, on systems other than Linux",
    (info, { linux }) => linux ? undefined : info.systemAvailable,
  ],
  [
    "container.memory.usage",
    "Usage of the effective cgroup, page cache included",
    (info, { estimated }) => estimated ? undefined : info.cgroupCurrent,
  ],
  [
    "container.memory.working_set",
    "Usage of the effective cgroup without inactive page cache",
    (info) => info.cgroupWorkingSet,
  ],
  [
    "container.memory.available",
    "Limit less working set",
    ({ cgroupLimit, cgroupWorkingSet }) =>
      finite(cgroupLimit) && cgroupWorkingSet !== undefined
        ? Math.max(0, cgroupLimit - cgroupWorkingSet)
        : undefined,
  ],
  [
    "memctl.container.limit",
    "Hard limit of the effective cgroup; absent if there is no limit",
    ({ cgroupLimit }) => finite(cgroupLimit) ? cgroupLimit : undefined,
  ],
  ["memctl.headroom", "Bytes that can still be used below the limit", (info) => info.headroom()],
  [
    "memctl.runtime.total",
    "Memory that the JavaScript engine holds: committed heap and external memory",
    (info) => info.runtimeTotal,
  ],
  [
    "memctl.heap.used",
    "Heap in use: live objects, and garbage that is not collected yet",
    (info) => info.heapUsed,
  ],
  ["memctl.heap.limit", "Heap limit of the JavaScript engine", (info) => info.heapLimit],
];

/** Attributes and value of each series of the pressure gauge. */
const FRACTIONS: readonly (readonly [
  labels: MetricAttributes,
  value: (pressure: MemoryPressure) => number,
])[] = (["some", "full"] as const).flatMap((kind) =>
  ([10, 60, 300] as const).map((seconds) =>
    [
      { "memctl.pressure.kind": kind, "memctl.pressure.window": `${seconds}s` },
      (pressure: MemoryPressure) => pressure[kind][`avg${seconds}`] / 100,
    ] as const
  )
);

/** The attribute and value of each series of the event counter. The names are the kernel's. */
const EVENTS: readonly (readonly [
  event: string,
  value: (events: CgroupEvents) => number | undefined,
])[] = [
  ["high", ({ high }) => high],
  ["max", ({ max }) => max],
  ["oom", ({ oom }) => oom],
  ["oom_kill", ({ oomKill }) => oomKill],
];

function finite(value: number | undefined): value is number {
  return value !== undefined && value !== Infinity;
}
