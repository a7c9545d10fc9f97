// What is reported: each gauge, and its series.

import type { MemInfo, MemoryPressure } from "../mem_info.ts";
import type { Sampler } from "../sampler.ts";
import type { MeterLike, MetricAttributes } from "./meter.ts";

/** One series of an instrument. */
export interface Series<Instrument> {
  readonly gauge: Instrument;
  readonly attributes: MetricAttributes;
  readonly value: (info: MemInfo) => number | undefined;
  /** Whether it has had a value since the last end. */
  measured: boolean;
}

/** Makes the gauges on a meter, and their series. */
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
    gauge: meter.createObservableGauge(name, { description, unit: "By" }),
    value,
  }));
  const pressure = meter.createObservableGauge("memctl.pressure", {
    description: "Part of the time that tasks waited for memory",
    unit: "1",
  });
  const instruments = [...gauges.map(({ gauge }) => gauge), pressure];
  const series: Series<Instrument>[] = [
    ...gauges.map(({ gauge, value }) => ({
      gauge,
      attributes,
      value: (info: MemInfo) => value(info, from),
      measured: false,
    })),
    ...FRACTIONS.map(([labels, value]) => ({
      gauge: pressure,
      attributes: { ...attributes, ...labels },
      value: ({ pressure }: MemInfo) => pressure === undefined ? undefined : value(pressure),
      measured: false,
    })),
  ];
  return { series, instruments };
}

/** What to know of the figures besides themselves. */
interface Origin {
  linux: boolean;
  /** Whether the resident set stands in for the container's usage. */
  estimated: boolean;
}

/** Name, description and figure of each gauge. Unit: bytes. */
const GAUGES: readonly (readonly [
  name: string,
  description: string,
  value: (info: MemInfo, from: Origin) => number | undefined,
])[] = [
  ["process.memory.usage", "Resident set of this process", (info) => info.processRss],
  ["system.memory.limit", "Memory of the machine", (info) => info.systemTotal],
  [
    "system.memory.linux.available",
    "Memory that new work can have without swapping (MemAvailable)",
    (info, { linux }) => linux ? info.systemAvailable : undefined,
  ],
  [
    "memctl.system.available",
    "Memory that new work can have without swapping, elsewhere than on Linux",
    (info, { linux }) => linux ? undefined : info.systemAvailable,
  ],
  [
    "container.memory.usage",
    "Memory charged to the cgroup level that binds, page cache included",
    (info, { estimated }) => estimated ? undefined : info.cgroupCurrent,
  ],
  [
    "container.memory.working_set",
    "The same without inactive page cache",
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
    "Hard limit of the cgroup level that binds; absent without one",
    ({ cgroupLimit }) => finite(cgroupLimit) ? cgroupLimit : undefined,
  ],
  ["memctl.headroom", "What is left before something gives way", (info) => info.headroom()],
  [
    "memctl.runtime.total",
    "What the JavaScript engine holds: committed heap and external memory",
    (info) => info.runtimeTotal,
  ],
  ["memctl.heap.used", "Heap in use, live or not collected yet", (info) => info.heapUsed],
  ["memctl.heap.limit", "The engine's own ceiling for the heap", (info) => info.heapLimit],
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

function finite(value: number | undefined): value is number {
  return value !== undefined && value !== Infinity;
}
