import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Registry } from "prom-client";
import { MiB } from "../../mod.ts";
import { LoadShedder } from "../../http.ts";
import { observeMemory } from "../../prometheus.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";
import { systemDriven, watermarks } from "../../watchdog.ts";
import { scrape, still } from "../support/scrape.ts";

describe("a watchdog and a load shedder as metrics", () => {
  it("tell what they have done so far", async () => {
    const clock = new ManualClock();
    let garbage = 0;
    const gc = () => garbage = 0;
    const dog = systemDriven({
      clock,
      sampler: new ScenarioSampler(clock, () => ({
        systemTotal: 100 * MiB,
        systemAvailable: 100 * MiB - garbage,
        heapUsed: garbage,
        runtimeTotal: garbage,
      })),
      gc,
      interval: 10,
      policy: watermarks([0.8]),
    });
    const shedder = new LoadShedder({
      clock,
      sampler: still({ systemAvailable: 500 }),
      inFlight: 1,
    });
    const registry = new Registry();
    observeMemory(registry, { sampler: still({}), watchdog: dog, shedder });
    garbage = 80 * MiB;
    await clock.tickAsync(10);
    assert.equal(shedder.admit({ url: "/" }).admitted, true);
    assert.equal(shedder.admit({ url: "/" }).admitted, false);
    const { forced, bytesFreed, timeSpent } = dog.counters;
    assert.deepEqual([forced, bytesFreed], [1, 80 * MiB]);
    const expected = {
      memctl_watchdog_running: 1,
      memctl_watchdog_limit_bytes: 100 * MiB,
      memctl_gc_forced_total: 1,
      memctl_gc_ineffective_total: 0,
      memctl_gc_held_total: 0,
      memctl_gc_forced_seconds_total: timeSpent / 1_000,
      memctl_gc_freed_bytes_total: 80 * MiB,
      memctl_shedder_closed: 0,
      memctl_requests_in_flight: 1,
      memctl_requests_admitted_total: 1,
      memctl_requests_rejected_total: 1,
      memctl_requests_expired_total: 0,
      'memctl_scrape_failures_total{source="sampler"}': 0,
      'memctl_scrape_failures_total{source="watchdog"}': 0,
      'memctl_scrape_failures_total{source="shedder"}': 0,
    };
    assert.deepEqual(await scrape(registry), expected);
    dog.stop();
    assert.deepEqual(await scrape(registry), { ...expected, memctl_watchdog_running: 0 });
    shedder.close();
  });

  it("fail alone", async () => {
    const registry = new Registry();
    const errors: unknown[] = [];
    observeMemory(registry, {
      sampler: still({ processRss: 7 }),
      watchdog: { state: "running", limit: 1, counters: undefined as never },
      shedder: { inFlight: 0, admitted: 0, rejected: 0, expired: 0, closedBy: "headroom" },
      onError: (error) => errors.push(error),
    });
    assert.deepEqual(await scrape(registry), {
      memctl_process_resident_bytes: 7,
      memctl_shedder_closed: 1,
      memctl_requests_in_flight: 0,
      memctl_requests_admitted_total: 0,
      memctl_requests_rejected_total: 0,
      memctl_requests_expired_total: 0,
      'memctl_scrape_failures_total{source="sampler"}': 0,
      'memctl_scrape_failures_total{source="watchdog"}': 1,
      'memctl_scrape_failures_total{source="shedder"}': 0,
    });
    assert.deepEqual(errors.map((error) => /of '(\w+)'/.exec(String(error))?.[1]), ["watchdog"]);
  });
});
