// The metrics as Prometheus gets them: over HTTP, from a real registry, with
// this host's figures; and next to those of @x/memctl/otel.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import { collectDefaultMetrics, Registry } from "prom-client";
import { MiB, sample } from "../../mod.ts";
import { observeMemory as observeOnMeter } from "../../otel.ts";
import { observeMemory } from "../../prometheus.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";
import { forcedOptions } from "../support/adapter.ts";
import { parseExposition } from "../support/exposition.ts";
import { EVERYTHING, still } from "../support/scrape.ts";
import { openDescriptors } from "../support/temp.ts";

const problem = spawnSync("promtool", ["--version"]).status === 0
  ? undefined
  : "needs promtool, of Debian's package prometheus";
if (problem !== undefined) console.error(`SKIPPED, promtool check metrics: ${problem}`);

/** Serves a registry as services do, on a free port, while `use` runs. */
async function serve(
  registry: Registry,
  use: (get: () => Promise<string>) => Promise<void>,
): Promise<void> {
  const server = http.createServer(async (_, response) => {
    try {
      const text = await registry.metrics();
      response.writeHead(200, { "content-type": registry.contentType, connection: "close" });
      response.end(text);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await use(async () => {
      const response = await fetch(`http://127.0.0.1:${port}/metrics`);
      const text = await response.text();
      assert.equal(response.status, 200, text);
      return text;
    });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

describe("a scrape over HTTP", () => {
  it("has this host's figures, and ends with the metrics", async () => {
    const before = openDescriptors();
    const registry = new Registry();
    const metrics = observeMemory(registry, forcedOptions);
    await serve(registry, async (get) => {
      const families = parseExposition(await get());
      const value = (name: string) => families[`memctl_${name}`]?.series[""];
      const info = await sample({ ...forcedOptions, usage: "workingSet" });
      const near = (name: string, bytes: number | undefined) => {
        assert.equal(value(name) === undefined, bytes === undefined, name);
        if (bytes === undefined) return;
        assert.ok(Math.abs(value(name)! - bytes) < 128 * MiB, `${name} ${value(name)} ${bytes}`);
      };
      near("process_resident_bytes", info.processRss);
      near("memory_headroom_bytes", info.headroom());
      near("engine_heap_used_bytes", info.heapUsed);
      assert.equal(value("host_memory_bytes"), info.systemTotal);
      assert.equal(value("engine_heap_limit_bytes"), info.heapLimit);
      const [one, two] = await Promise.all([get(), get()]);
      assert.deepEqual(Object.keys(parseExposition(one)), Object.keys(parseExposition(two)));
      metrics.stop();
      assert.equal((await get()).trim(), "");
    });
    assert.deepEqual(openDescriptors(), before);
  });

  it("has only the fields that were asked for", async () => {
    const registry = new Registry();
    const metrics = observeMemory(registry, { ...forcedOptions, fields: ["processRss"] });
    const families = Object.entries(parseExposition(await registry.metrics()));
    metrics.stop();
    assert.deepEqual(
      families.filter(([, { series }]) => Object.keys(series).length > 0).map(([name]) => name),
      ["memctl_process_resident_bytes", "memctl_scrape_failures_total"],
    );
  });

  it("passes the linter of Prometheus", { skip: problem }, async () => {
    const registry = new Registry();
    const points = { avg10: 1, avg60: 2, avg300: 3, total: 4 };
    const counters = { forced: 1, ineffective: 2, held: 3, bytesFreed: 4, timeSpent: 5 };
    observeMemory(registry, {
      sampler: new ScenarioSampler(new ManualClock(), [
        { at: 0, processRss: 1, pressure: { some: points, full: points } },
      ]),
      watchdog: { state: "running", limit: 9, counters },
      shedder: { inFlight: 1, admitted: 2, rejected: 3, expired: 4, closedBy: undefined },
    });
    await serve(registry, async (get) => {
      const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
        input: await get(),
        encoding: "utf8",
      });
      assert.deepEqual([status, stdout, stderr], [0, "", ""]);
    });
  });
});

describe("the figures of @x/memctl/otel and of @x/memctl/prometheus", () => {
  // Headroom would have the same value as a usage of 300.
  const newSampler = () => still({ ...EVERYTHING, cgroupCurrent: 301 });

  /** What a meter of OpenTelemetry collects. */
  async function collected(): Promise<ResourceMetrics> {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({ readers: [reader] });
    observeOnMeter(provider.getMeter("memctl"), { sampler: newSampler() });
    await reader.forceFlush();
    const [metrics] = exporter.getMetrics();
    await provider.shutdown();
    return metrics!;
  }

  async function scraped() {
    const registry = new Registry();
    observeMemory(registry, { sampler: newSampler() });
    return parseExposition(await registry.metrics());
  }

  it("are the same", async () => {
    const names: Record<string, string> = {
      "process.memory.usage": "process_resident_bytes",
      "system.memory.limit": "host_memory_bytes",
      "system.memory.linux.available": "host_available_bytes",
      "memctl.system.available": "host_available_bytes",
      "container.memory.usage": "cgroup_usage_bytes",
      "container.memory.working_set": "cgroup_working_set_bytes",
      "container.memory.available": "cgroup_available_bytes",
      "memctl.container.limit": "cgroup_limit_bytes",
      "memctl.headroom": "memory_headroom_bytes",
      "memctl.runtime.total": "engine_memory_bytes",
      "memctl.heap.used": "engine_heap_used_bytes",
      "memctl.heap.limit": "engine_heap_limit_bytes",
      "memctl.pressure": "psi_ratio",
    };
    const families = await scraped();
    const { scopeMetrics } = await collected();
    const metrics = scopeMetrics.flatMap(({ metrics }) => metrics);
    assert.ok(metrics.length >= 12);
    for (const { descriptor: { name }, dataPoints } of metrics) {
      assert.deepEqual(
        Object.values(families[`memctl_${names[name]}`]?.series ?? {}),
        dataPoints.map(({ value }) => value),
        name,
      );
    }
  });

  it("have different names in Prometheus, with and without unit suffixes", async () => {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    const others = new Set(Object.keys(parseExposition(await registry.metrics())));
    const serialized = new PrometheusSerializer().serialize(await collected());
    for (const [, name] of serialized.matchAll(/^# TYPE (\S+)/gm)) {
      // Collectors and Prometheus itself add the unit to the name.
      for (const suffix of ["", "_bytes", "_ratio"]) others.add(name + suffix);
    }
    assert.ok(others.has("memctl_headroom") && others.has("process_resident_memory_bytes"));
    assert.deepEqual(Object.keys(await scraped()).filter((name) => others.has(name)), []);
  });
});
