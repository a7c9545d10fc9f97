// Scrapes of a registry of prom-client, for the tests of @x/memctl/prometheus.

import type { Registry } from "prom-client";
import type { MemInfoInit } from "../../mod.ts";
import { ManualClock, ScenarioSampler, type ScenarioStep } from "../../testing.ts";
import { parseExposition } from "./exposition.ts";

const POINTS = { avg10: 50, avg60: 20, avg300: 5, total: 1_500_000 };

/** Every figure of a snapshot. */
export const EVERYTHING: MemInfoInit = {
  systemTotal: 8000,
  systemAvailable: 6000,
  processRss: 100,
  runtimeTotal: 60,
  heapUsed: 40,
  heapLimit: 4000,
  cgroupLimit: 500,
  cgroupCurrent: 300,
  cgroupWorkingSet: 200,
  pressure: { some: POINTS, full: { ...POINTS, avg10: 10 } },
};

/** A sampler of one moment. */
export function still(moment: MemInfoInit): ScenarioSampler {
  const scenario: ScenarioStep[] = [{ ...moment, at: 0 }];
  return new ScenarioSampler(new ManualClock(), scenario);
}

/** The values of a scrape: by name, or by name and labels. */
export async function scrape(registry: Pick<Registry, "metrics">): Promise<Record<string, number>> {
  const families = parseExposition(await registry.metrics());
  return Object.fromEntries(
    Object.entries(families).flatMap(([name, { series }]) =>
      Object.entries(series).map(([labels, value]) => [name + labels, value])
    ),
  );
}

/** What a scrape has where the sampler gives nothing. */
export function without(failures: number): Record<string, number> {
  return { 'memctl_scrape_failures_total{source="sampler"}': failures };
}
