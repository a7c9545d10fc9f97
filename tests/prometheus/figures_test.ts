import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  AggregatorRegistry,
  collectDefaultMetrics,
  Counter,
  type OpenMetricsContentType,
  Registry,
} from "prom-client";
import { observeMemory } from "../../prometheus.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";
import { parseExposition } from "../support/exposition.ts";
import { ScriptedSampler } from "../support/scripted_sampler.ts";
import { EVERYTHING, scrape, still, without } from "../support/scrape.ts";

describe("observeMemory() of @x/memctl/prometheus", () => {
  it("has names, types and values by the conventions of Prometheus", async () => {
    const registry = new Registry();
    const cgroupEvents = () => ({ folder: "/x", high: 3, max: 7, oom: undefined, oomKill: 1 });
    observeMemory(registry, { sampler: Object.assign(still(EVERYTHING), { cgroupEvents }) });
    const families = parseExposition(await registry.metrics());
    const found = Object.entries(families).map(([name, { type, help, series }]) => {
      assert.match(help, /^[A-Z].*\.$/);
      assert.equal(type === "counter", name.endsWith("_total"), name);
      return [name, type, ...Object.entries(series).map((one) => one.join(" ").trim())];
    });
    assert.deepEqual(found, [
      ["memctl_memory_headroom_bytes", "gauge", "300"],
      ["memctl_process_resident_bytes", "gauge", "100"],
      ["memctl_host_memory_bytes", "gauge", "8000"],
      ["memctl_host_available_bytes", "gauge", "6000"],
      ["memctl_cgroup_limit_bytes", "gauge", "500"],
      ["memctl_cgroup_usage_bytes", "gauge", "300"],
      ["memctl_cgroup_working_set_bytes", "gauge", "200"],
      ["memctl_cgroup_available_bytes", "gauge", "300"],
      ["memctl_engine_memory_bytes", "gauge", "60"],
      ["memctl_engine_heap_used_bytes", "gauge", "40"],
      ["memctl_engine_heap_limit_bytes", "gauge", "4000"],
      [
        "memctl_psi_ratio",
        "gauge",
        '{kind="some",window="10s"} 0.5',
        '{kind="some",window="60s"} 0.2',
        '{kind="some",window="300s"} 0.05',
        '{kind="full",window="10s"} 0.1',
        '{kind="full",window="60s"} 0.2',
        '{kind="full",window="300s"} 0.05',
      ],
      ["memctl_psi_stalled_seconds_total", "counter", '{kind="some"} 1.5', '{kind="full"} 1.5'],
      [
        "memctl_cgroup_events_total",
        "counter",
        '{event="high"} 3',
        '{event="max"} 7',
        '{event="oom_kill"} 1',
      ],
      ["memctl_scrape_failures_total", "counter", '{source="sampler"} 0'],
    ]);
  });

  it("has no series for a figure that is unavailable, without limit, or an estimate", async () => {
    const sampler = still({ systemAvailable: 5, cgroupLimit: Infinity, cgroupCurrent: 3 });
    const { signals } = sampler;
    Object.defineProperty(sampler, "signals", {
      value: { ...signals, cgroupCurrent: { ...signals.cgroupCurrent, estimate: true } },
    });
    const registry = new Registry();
    observeMemory(registry, { sampler });
    assert.deepEqual(await scrape(registry), {
      memctl_host_available_bytes: 5,
      memctl_memory_headroom_bytes: 5,
      ...without(0),
    });
  });

  it("ends a series when its figure becomes unavailable", async () => {
    const clock = new ManualClock();
    const sampler = new ScenarioSampler(clock, [
      { at: 0, systemAvailable: 900, cgroupLimit: 500, cgroupCurrent: 300 },
      { at: 1_000, cgroupLimit: Infinity },
    ]);
    const registry = new Registry();
    observeMemory(registry, { sampler });
    assert.equal((await scrape(registry)).memctl_cgroup_limit_bytes, 500);
    clock.tick(1_000);
    const { memctl_cgroup_limit_bytes, memctl_memory_headroom_bytes } = await scrape(registry);
    assert.deepEqual([memctl_cgroup_limit_bytes, memctl_memory_headroom_bytes], [undefined, 900]);
  });

  it("takes a sampler without signals, and plain objects as its snapshots", async () => {
    const plain = { processRss: 7, systemTotal: NaN, heapUsed: "8", headroom: () => undefined };
    const registry = new Registry();
    observeMemory(registry, { sampler: { sample: () => plain } as never });
    assert.deepEqual(await scrape(registry), { memctl_process_resident_bytes: 7, ...without(0) });
  });

  it("takes one sample per scrape, whichever way the registry is asked", async () => {
    for (const wait of [false, true]) {
      const sampler = new ScriptedSampler();
      const sample = sampler.sample.bind(sampler);
      if (wait) sampler.sample = () => Promise.resolve(sample()) as never;
      const registry = new Registry();
      observeMemory(registry, { sampler });
      const taken = async (ask: () => Promise<unknown>) => {
        const before = sampler.taken;
        await ask();
        return sampler.taken - before;
      };
      assert.equal(await taken(() => registry.metrics()), 1);
      assert.equal(await taken(() => registry.metrics()), 1, "a sample is not kept");
      assert.equal(await taken(() => registry.getMetricsAsJSON()), 1);
      const name = "memctl_process_resident_bytes";
      assert.equal(await taken(() => registry.getSingleMetricAsString(name)), 1);
      assert.equal(await taken(() => Registry.merge([registry, new Registry()]).metrics()), 1);
      const both = () => Promise.all([registry.metrics(), registry.metrics()]);
      assert.equal(await taken(both), 1, "scrapes at the same moment share it");
      const { [name]: value } = await scrape(registry);
      assert.equal(value, sampler.taken, "the latest sample");
      assert.equal(await taken(async () => {}), 0, "nor between scrapes");
    }
  });

  it("adds the same labels to every series, escaped, beside default labels", async () => {
    const registry = new Registry();
    registry.setDefaultLabels({ app: "shop", kind: "default" });
    const labels = { worker: 1, ready: true, path: 'a\\b\n"c"' };
    observeMemory(registry, { sampler: still(EVERYTHING), labels, prefix: "shop_" });
    labels.worker = 2;
    for (let scrapes = 0; scrapes < 2; scrapes++) {
      for (const name of Object.keys(await scrape(registry))) {
        assert.match(name, /^shop_.*worker="1",ready="true",path="a\\\\b\\n\\"c\\""/);
        assert.match(name, /app="shop"/);
        assert.match(name, /^shop_psi/.test(name) ? /kind="(some|full)"/ : /kind="default"/);
      }
      for (const { values } of await registry.getMetricsAsJSON()) {
        for (const { labels } of values) assert.equal(labels.worker, "1");
      }
    }
  });

  it("keeps to OpenMetrics, and comes off such a registry", async () => {
    const registry = new Registry<OpenMetricsContentType>();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    const metrics = observeMemory(registry, { sampler: still(EVERYTHING) });
    for (let scrapes = 0; scrapes < 2; scrapes++) {
      const text = await registry.metrics();
      assert.match(text, /^# TYPE memctl_psi_stalled_seconds counter$/m);
      assert.match(text, /^memctl_psi_stalled_seconds_total\{kind="some"\} 1\.5$/m);
      assert.match(text, /^memctl_memory_headroom_bytes 300$/m);
      assert.match(text, /\n# EOF\n$/);
    }
    metrics.stop();
    assert.equal(registry.getMetricsAsArray().length, 0);
  });

  it("is not reset by resetMetrics()", async () => {
    const registry = new Registry();
    observeMemory(registry, { sampler: still(EVERYTHING) });
    const before = await scrape(registry);
    registry.resetMetrics();
    assert.deepEqual(await scrape(registry), before);
  });

  it("shares a registry with the default metrics and other metrics of prom-client", async () => {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    new Counter({ name: "orders_total", help: "Orders.", registers: [registry] }).inc(3);
    observeMemory(registry, { sampler: still(EVERYTHING) });
    const found = await scrape(registry);
    assert.equal(found.orders_total, 3);
    assert.equal(found.memctl_process_resident_bytes, 100);
    assert.ok(found.process_start_time_seconds! > 0);
  });

  it("lets a cluster add up only what the workers do not share", async () => {
    const worker = async (own: number, headroom: number) => {
      const registry = new Registry();
      observeMemory(registry, {
        sampler: still({ ...EVERYTHING, processRss: own, cgroupWorkingSet: 500 - headroom }),
      });
      return await registry.getMetricsAsJSON();
    };
    const all = AggregatorRegistry.aggregate([await worker(100, 300), await worker(50, 200)]);
    const found = await scrape(all);
    assert.equal(found.memctl_process_resident_bytes, 150);
    assert.equal(found.memctl_memory_headroom_bytes, 200);
    assert.equal(found.memctl_cgroup_limit_bytes, 500);
    assert.equal(found.memctl_host_memory_bytes, 8000);
    assert.equal(found['memctl_psi_ratio{kind="full",window="10s"}'], 0.1);
    assert.equal(found['memctl_scrape_failures_total{source="sampler"}'], 0);
  });
});
