import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Gauge, type Metric, Registry } from "prom-client";
import { MemInfo } from "../../mod.ts";
import { type MetricsRegistry, observeMemory } from "../../prometheus.ts";
import { ManualClock } from "../../testing.ts";
import { settle } from "../support/async.ts";
import { ScriptedSampler } from "../support/scripted_sampler.ts";
import { EVERYTHING, scrape, still } from "../support/scrape.ts";

describe("stop()", () => {
  it("takes the metrics off the registry, and closes only what it opened", async () => {
    const sampler = still(EVERYTHING);
    const registry = new Registry();
    const counters = { forced: 1, ineffective: 2, held: 3, bytesFreed: 4, timeSpent: 5 };
    const metrics = observeMemory(registry, {
      sampler,
      watchdog: { state: "running", limit: 9, counters },
      shedder: { inFlight: 1, admitted: 2, rejected: 3, expired: 4, closedBy: undefined },
    });
    const merged = Registry.merge([registry]);
    metrics.stop();
    metrics[Symbol.dispose]();
    assert.equal(registry.getMetricsAsArray().length, 0);
    assert.deepEqual(await scrape(merged), {}, "nor in a registry that they were merged into");
    assert.equal(sampler.samples, 0);
    assert.equal(sampler.closed, false);
    observeMemory(registry, { sampler });
    assert.ok((await scrape(registry)).memctl_memory_headroom_bytes === 300, "the names are free");
  });

  it("ends a scrape that is under way, without these figures", async () => {
    const clock = new ManualClock();
    const sampler = new ScriptedSampler();
    let answer = (_: MemInfo) => {};
    sampler.next = () => new Promise((resolve) => answer = resolve);
    const registry = new Registry();
    new Gauge({ name: "other", help: "Of the user's.", registers: [registry] }).set(5);
    const errors: unknown[] = [];
    const metrics = observeMemory(registry, { sampler, clock, onError: (e) => errors.push(e) });
    const scraped = scrape(registry);
    await settle();
    metrics.stop();
    assert.deepEqual(await scraped, { other: 5 });
    clock.assertIdle();
    answer(new MemInfo({ processRss: 7 }));
    await settle();
    assert.deepEqual(errors, []);
  });

  it("leaves a metric alone that took the place of its own", () => {
    const registry = new Registry();
    const metrics = observeMemory(registry, { sampler: still({}) });
    registry.clear();
    const name = "memctl_memory_headroom_bytes";
    const own = new Gauge({ name, help: "Of the user's.", registers: [registry] });
    metrics.stop();
    assert.equal(registry.getSingleMetric(name), own as Metric);
  });
});

describe("a registry that cannot take the metrics", () => {
  it("has one of the names already", () => {
    const registry = new Registry();
    const name = "memctl_cgroup_limit_bytes";
    new Gauge({ name, help: "Of the user's.", registers: [registry] });
    assert.throws(
      () => observeMemory(registry),
      /'registry' must not have these metrics yet: it has memctl_cgroup_limit_bytes\. Stop .*prefix/,
    );
    assert.equal(registry.getMetricsAsArray().length, 1, "nothing is half registered");
  });

  it("has them by a second registration, which a prefix of its own allows", async () => {
    const registry = new Registry();
    const sampler = still({ processRss: 7 });
    const first = observeMemory(registry, { sampler });
    assert.throws(
      () => observeMemory(registry, { sampler }),
      /'registry' must not have .* it has memctl_memory_headroom_bytes and 14 more of these names/,
    );
    const second = observeMemory(registry, { sampler, prefix: "again_" });
    const found = await scrape(registry);
    assert.equal(found.memctl_process_resident_bytes, 7);
    assert.equal(found.again_process_resident_bytes, 7);
    first.stop();
    assert.equal((await scrape(registry)).again_process_resident_bytes, 7);
    second.stop();
  });

  it("throws half-way: nothing is left on it", () => {
    const names = new Map<string, unknown>();
    const registry: MetricsRegistry = {
      getSingleMetric: (name) => names.get(name),
      removeSingleMetric: (name) => void names.delete(name),
      registerMetric(metric: { name: string }) {
        names.set(metric.name, metric);
        if (names.size === 3) throw new Error("full");
      },
    };
    assert.throws(() => observeMemory(registry, { sampler: still({}) }), /full/);
    assert.equal(names.size, 0);
  });
});
