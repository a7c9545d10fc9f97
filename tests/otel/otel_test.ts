// With the real SDK and the real Prometheus exporter.

import assert from "node:assert/strict";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import type { Meter } from "@opentelemetry/api";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  METRIC_CONTAINER_MEMORY_AVAILABLE,
  METRIC_CONTAINER_MEMORY_USAGE,
  METRIC_CONTAINER_MEMORY_WORKING_SET,
  METRIC_PROCESS_MEMORY_USAGE,
  METRIC_SYSTEM_MEMORY_LIMIT,
  METRIC_SYSTEM_MEMORY_LINUX_AVAILABLE,
} from "@opentelemetry/semantic-conventions/incubating";
import { MemInfo, type MemInfoInit, MiB, sample } from "../../mod.ts";
import {
  type MeterLike,
  type MetricResult,
  type MetricsOptions,
  observeMemory,
  type Sampler,
} from "../../otel.ts";
import { ManualClock, ScenarioSampler, type ScenarioStep } from "../../testing.ts";
import { forcedOptions } from "../support/adapter.ts";
import { openDescriptors } from "../support/temp.ts";

const POINTS = {
  avg10: 50,
  avg60: 20,
  avg300: 5,
  total: 1,
};

/** A sampler of one moment, said to be of Linux. */
function still(moment: MemInfoInit, adapter: Sampler["adapter"] = "linux"): Sampler {
  const scenario: ScenarioStep[] = [{ ...moment, at: 0 }];
  return Object.assign(new ScenarioSampler(new ManualClock(), scenario), { adapter });
}

/** Collects once: each point of each metric as text. */
async function collect(
  use: (meter: Meter) => unknown,
  beforeCollection: () => void = () => {},
): Promise<Record<string, string[]>> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  use(provider.getMeter("test"));
  beforeCollection();
  await reader.forceFlush();
  const found: Record<string, string[]> = {};
  for (const { scopeMetrics } of exporter.getMetrics()) {
    for (const { metrics } of scopeMetrics) {
      for (const { descriptor: { name, unit }, dataPointType, dataPoints } of metrics) {
        const isCounter = name === "memctl.container.events";
        assert.equal(dataPointType, isCounter ? DataPointType.SUM : DataPointType.GAUGE);
        found[name] = dataPoints.map(({ value, attributes }) =>
          `${value} ${unit} ${JSON.stringify(attributes)}`
        );
      }
    }
  }
  await provider.shutdown();
  return found;
}

describe("observeMemory()", () => {
  it("gives names and units by the conventions, and the rest under memctl", async () => {
    const sampler = still({
      systemTotal: 8000,
      systemAvailable: 6000,
      processRss: 100,
      runtimeTotal: 60,
      heapUsed: 40,
      heapLimit: 4000,
      cgroupLimit: 500,
      cgroupCurrent: 300,
      cgroupWorkingSet: 200,
    });
    const attributes = { worker: 1 };
    const found = await collect((meter) => observeMemory(meter, { sampler, attributes }));
    const bytes = (value: number) => [`${value} By {"worker":1}`];
    assert.deepEqual(found, {
      [METRIC_PROCESS_MEMORY_USAGE]: bytes(100),
      [METRIC_SYSTEM_MEMORY_LIMIT]: bytes(8000),
      [METRIC_SYSTEM_MEMORY_LINUX_AVAILABLE]: bytes(6000),
      [METRIC_CONTAINER_MEMORY_USAGE]: bytes(300),
      [METRIC_CONTAINER_MEMORY_WORKING_SET]: bytes(200),
      [METRIC_CONTAINER_MEMORY_AVAILABLE]: bytes(300),
      "memctl.container.limit": bytes(500),
      "memctl.headroom": bytes(300),
      "memctl.runtime.total": bytes(60),
      "memctl.heap.used": bytes(40),
      "memctl.heap.limit": bytes(4000),
    });
  });

  it("measures nothing that is unavailable, without limit, or an estimate", async () => {
    const sampler = still(
      { systemAvailable: 5, cgroupLimit: Infinity, cgroupCurrent: 3 },
      "runtime",
    );
    const signals = sampler.signals;
    Object.defineProperty(sampler, "signals", {
      value: { ...signals, cgroupCurrent: { ...signals.cgroupCurrent, estimate: true } },
    });
    const found = await collect((meter) => observeMemory(meter, { sampler }));
    assert.deepEqual(found, {
      "memctl.system.available": ["5 By {}"],
      "memctl.headroom": ["5 By {}"],
    });
  });

  it("gives pressure as fractions of time", async () => {
    const sampler = still({ pressure: { some: POINTS, full: { ...POINTS, avg10: 10 } } });
    const found = await collect((meter) => observeMemory(meter, { sampler }));
    const point = (value: number, kind: string, window: string) =>
      `${value} 1 {"memctl.pressure.kind":"${kind}","memctl.pressure.window":"${window}"}`;
    assert.deepEqual(found, {
      "memctl.pressure": [
        point(0.5, "some", "10s"),
        point(0.2, "some", "60s"),
        point(0.05, "some", "300s"),
        point(0.1, "full", "10s"),
        point(0.2, "full", "60s"),
        point(0.05, "full", "300s"),
      ],
    });
  });

  it("counts the kernel's events of the cgroup, those that it has", async () => {
    const sampler = Object.assign(still({}), {
      cgroupEvents: () => ({ folder: "/x", high: undefined, max: 7, oom: undefined, oomKill: 0 }),
    });
    const found = await collect((meter) => observeMemory(meter, { sampler }));
    assert.deepEqual(found, {
      "memctl.container.events": [
        '7 {event} {"memctl.event":"max"}',
        '0 {event} {"memctl.event":"oom_kill"}',
      ],
    });
  });

  it("never ends the counter by NaN, from which the SDK could not count on", async () => {
    const events = { folder: "/x", high: 1, max: 2, oom: 3, oomKill: 4 };
    const counts: (typeof events | undefined)[] = [events, undefined, { ...events, high: 5 }];
    const sampler = Object.assign(still({}), { cgroupEvents: () => counts.shift() });
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({ readers: [reader] });
    const meter = provider.getMeter("test");
    const metrics = observeMemory(meter, { sampler, unavailable: "NaN" });
    const high = async () => {
      exporter.reset();
      await reader.forceFlush();
      const all = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics)
        .flatMap(({ metrics }) => metrics);
      return all.find(({ descriptor }) => descriptor.name === "memctl.container.events")
        ?.dataPoints[0]?.value;
    };
    assert.deepEqual([await high(), await high(), await high()], [1, 1, 5]);
    metrics.stop();
    assert.equal(await high(), 5);
    await provider.shutdown();
  });

  it("waits for a sampler that takes its time", async () => {
    const sampler = still({});
    sampler.sample = () => Promise.resolve(new MemInfo({ processRss: 7 }));
    const found = await collect((meter) => observeMemory(meter, { sampler }));
    assert.deepEqual(found, { "process.memory.usage": ["7 By {}"] });
  });

  it("stops, and closes only what it opened", async () => {
    const sampler = still({ processRss: 1 }) as ScenarioSampler;
    const found = await collect((meter) => {
      const metrics = observeMemory(meter, { sampler });
      metrics.stop();
      metrics[Symbol.dispose]();
    });
    assert.deepEqual(found, {});
    assert.equal(sampler.closed, false);
  });

  it("is scraped by Prometheus' exporter, with this machine's figures", async () => {
    const exporter = new PrometheusExporter({
      host: "127.0.0.1",
      port: 0,
      preventServerStart: true,
    });
    const provider = new MeterProvider({ readers: [exporter] });
    await exporter.startServer();
    const metrics = observeMemory(provider.getMeter("memctl"), forcedOptions);
    // The exporter does not tell which port it was given.
    const { _server } = exporter as unknown as { _server: Server };
    const { port } = _server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    assert.equal(response.status, 200);
    const text = await response.text();
    metrics.stop();
    await provider.shutdown();
    const value = Number(/^process_memory_usage(?:\{.*\})? (\d+)/m.exec(text)?.[1]);
    const { processRss } = await sample(forcedOptions);
    assert.ok(Math.abs(value - processRss!) < 64 * MiB, `${text}\nagainst ${processRss}`);
    assert.match(text, /^# TYPE memctl_heap_used gauge$/m);
  });

  /** Two moments: with a limit, and after it was removed. */
  function limitRemoved(clock: ManualClock): Sampler {
    return new ScenarioSampler(clock, [
      { at: 0, processRss: 7, systemAvailable: 900, cgroupLimit: 500, cgroupCurrent: 300 },
      { at: 1_000, cgroupLimit: Infinity },
    ]);
  }

  /** What each collection exports of the limit, the headroom and the resident set. */
  async function collections(
    temporality: AggregationTemporality,
    options: Pick<MetricsOptions, "unavailable">,
  ): Promise<unknown[][]> {
    const exporter = new InMemoryMetricExporter(temporality);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({ readers: [reader] });
    const clock = new ManualClock();
    const metrics = observeMemory(provider.getMeter("test"), {
      sampler: limitRemoved(clock),
      ...options,
    });
    const exported: unknown[][] = [];
    const next = async () => {
      exporter.reset();
      await reader.forceFlush();
      const all = exporter.getMetrics().flatMap(({ scopeMetrics }) =>
        scopeMetrics.flatMap(({ metrics }) => metrics)
      );
      exported.push(
        ["memctl.container.limit", "memctl.headroom", "process.memory.usage"].map((name) =>
          all.find(({ descriptor }) => descriptor.name === name)?.dataPoints[0]?.value
        ),
      );
    };
    await next();
    clock.tick(1_000);
    await next();
    metrics.stop();
    await next();
    await next();
    await provider.shutdown();
    return exported;
  }

  it("ends a series by NaN when its limit is removed and when it stops, if asked to", async () => {
    const { CUMULATIVE, DELTA } = AggregationTemporality;
    assert.deepEqual(await collections(CUMULATIVE, { unavailable: "NaN" }), [
      [500, 200, 7],
      [NaN, 900, 7],
      [NaN, NaN, NaN],
      [NaN, NaN, NaN],
    ]);
    assert.deepEqual((await collections(DELTA, { unavailable: "NaN" })).at(-1), [
      undefined,
      undefined,
      undefined,
    ], "nothing is left registered");
  });

  it("measures nothing then by default, which the SDK exports as documented", async () => {
    const { CUMULATIVE, DELTA } = AggregationTemporality;
    assert.deepEqual(await collections(CUMULATIVE, {}), [
      [500, 200, 7],
      [500, 900, 7],
      [500, 900, 7],
      [500, 900, 7],
    ]);
    const none = [undefined, undefined, undefined];
    assert.deepEqual(await collections(DELTA, { unavailable: "absent" }), [
      [500, 200, 7],
      [undefined, 900, 7],
      none,
      none,
    ]);
  });

  it("ends each series in what Prometheus scrapes, for other users of the meter too", async () => {
    const exporter = new PrometheusExporter({
      host: "127.0.0.1",
      port: 0,
      preventServerStart: true,
    });
    const provider = new MeterProvider({ readers: [exporter] });
    await exporter.startServer();
    const { _server } = exporter as unknown as { _server: Server };
    const { port } = _server.address() as AddressInfo;
    const scrape = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const meter = provider.getMeter("memctl");
    const metrics = observeMemory(meter, { ...forcedOptions, unavailable: "NaN" });
    let others = 0;
    meter.addBatchObservableCallback(() => void others++, [meter.createObservableGauge("other")]);
    assert.match(await scrape(), /^process_memory_usage(\{.*\})? \d+/m);
    metrics.stop();
    assert.match(await scrape(), /^process_memory_usage(\{.*\})? NaN/m);
    assert.equal(others, 2, "removal did not skip the callback after it");
    const again = observeMemory(meter, { ...forcedOptions, unavailable: "NaN" });
    assert.match(await scrape(), /^process_memory_usage(\{.*\})? \d+/m);
    again.stop();
    await provider.shutdown();
  });

  it("leaves nothing behind if the meter throws", () => {
    for (const method of ["createObservableGauge", "addBatchObservableCallback"] as const) {
      const registered = new Set<unknown>();
      const failing: MeterLike<unknown> = {
        createObservableGauge: () => ({}),
        createObservableCounter: () => ({}),
        addBatchObservableCallback: (callback) => void registered.add(callback),
        removeBatchObservableCallback: (callback) => void registered.delete(callback),
      };
      const works = failing[method] as (...args: never[]) => unknown;
      failing[method] = (...args: never[]): never => {
        works(...args);
        throw new Error("no meter today");
      };
      const before = openDescriptors();
      assert.throws(() => observeMemory(failing, forcedOptions), /no meter today/);
      assert.deepEqual(openDescriptors(), before, method);
      assert.equal(registered.size, 0, method);
    }
  });

  it("closes its sampler if the meter throws when it stops", () => {
    const before = openDescriptors();
    const metrics = observeMemory({
      createObservableGauge: () => ({}),
      createObservableCounter: () => ({}),
      addBatchObservableCallback() {},
      removeBatchObservableCallback() {
        throw new Error("no meter left");
      },
    }, forcedOptions);
    assert.throws(() => metrics.stop(), /no meter left/);
    metrics.stop();
    assert.deepEqual(openDescriptors(), before);
  });

  it("rejects the collection if a sampler gives a thenable that throws, and settles it once", async () => {
    const sampler = still({});
    const observed: number[] = [];
    let collect: ((result: MetricResult<unknown>) => unknown) | undefined;
    const metrics = observeMemory({
      createObservableGauge: () => ({}),
      createObservableCounter: () => ({}),
      addBatchObservableCallback: (callback) => collect = callback,
      removeBatchObservableCallback() {},
    }, { sampler });
    const result: MetricResult<unknown> = { observe: (_, value) => observed.push(value) };
    const info = new MemInfo({ processRss: 7 });
    const give = (then: unknown) => sampler.sample = () => ({ then }) as never;
    give(() => {
      throw new Error("a bad then");
    });
    await assert.rejects(async () => await collect!(result), /a bad then/);
    sampler.sample = () =>
      Object.defineProperty({}, "then", {
        get() {
          throw new Error("a bad getter");
        },
      }) as never;
    await assert.rejects(async () => await collect!(result), /a bad getter/);
    assert.deepEqual(observed, []);
    give((resolve: (info: MemInfo) => void) => {
      resolve(info);
      resolve(info);
      throw new Error("too late");
    });
    await collect!(result);
    assert.deepEqual(observed, [7], "recorded more than once");
    metrics.stop();
  });

  it("reads each option once", async () => {
    const reads: string[] = [];
    const options = { usage: "current", attributes: {}, unavailable: "NaN", ...forcedOptions };
    const counted = new Proxy(options, {
      get(target, name) {
        reads.push(String(name));
        return Reflect.get(target, name);
      },
    });
    await collect((meter) => observeMemory(meter, counted as MetricsOptions).stop());
    assert.deepEqual(reads.toSorted(), [
      "adapter",
      "attributes",
      "fields",
      "limit",
      "pid",
      "pressure",
      "root",
      "sampler",
      "unavailable",
      "usage",
    ]);
  });

  it("measures nothing from a sample that ends after stop()", async () => {
    const sampler = still({});
    let give = (_: MemInfo) => {};
    sampler.sample = () => new Promise((resolve) => give = resolve);
    const observed: number[] = [];
    let collect: ((result: MetricResult<unknown>) => unknown) | undefined;
    const metrics = observeMemory({
      createObservableGauge: () => ({}),
      createObservableCounter: () => ({}),
      addBatchObservableCallback: (callback) => collect = callback,
      removeBatchObservableCallback() {},
    }, { sampler });
    const done = collect!({ observe: (_, value) => observed.push(value) });
    metrics.stop();
    give(new MemInfo({ processRss: 7 }));
    await done;
    assert.deepEqual(observed, []);
  });

  for (
    const [name, meter, options, message] of [
      ["meter", 5, {}, /'meter' must be a Meter .* 5/],
      ["an old meter", {}, {}, /'meter' must be a Meter .*an object/],
      ["half a meter", { addBatchObservableCallback() {} }, {}, /'meter' must be a Meter/],
      ["unavailable", undefined, { unavailable: "0" }, /'unavailable' must be one of.*"NaN".*"0"/],
      ["usage", undefined, { usage: "x" }, /'usage' must be one of/],
      ["attributes", undefined, { attributes: 1 }, /'attributes' must be an object.* 1/],
      [
        "pressure next to a sampler",
        undefined,
        { sampler: still({}), pressure: true },
        /'pressure' and 'sampler' exclude each other/,
      ],
    ] as const
  ) {
    it(`refuses a bad ${name}`, () => {
      const good = new MeterProvider().getMeter("test");
      assert.throws(() => observeMemory((meter ?? good) as Meter, options as never), message);
    });
  }
});
