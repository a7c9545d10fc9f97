// Each metric that @x/memctl/prometheus can show, from a real registry.

import { Registry } from "prom-client";
import { MiB } from "../../mod.ts";
import { observeMemory } from "../../prometheus.ts";
import { ScenarioSampler } from "../../testing.ts";
import { type Family, parseExposition } from "./exposition.ts";

/** A process that leaks, collects and sheds: all its metrics so many seconds after its start. */
export async function everyMetric(seconds: number): Promise<Record<string, Family>> {
  const points = { avg10: 3, avg60: 2, avg300: 1, total: seconds * 10_000 };
  const used = 100 * MiB + seconds * 32 * 1024;
  const registry = new Registry();
  observeMemory(registry, {
    sampler: Object.assign(
      new ScenarioSampler({ now: () => 0 }, () => ({
        systemTotal: 8192 * MiB,
        systemAvailable: 4096 * MiB,
        processRss: used,
        runtimeTotal: used - 20 * MiB,
        heapUsed: used - 40 * MiB,
        heapLimit: 280 * MiB,
        cgroupLimit: 300 * MiB,
        cgroupCurrent: used + 60 * MiB,
        cgroupWorkingSet: used + 10 * MiB,
        pressure: { some: points, full: points },
      })),
      {
        cgroupEvents: () => ({
          folder: "/sys/fs/cgroup",
          high: seconds,
          max: 2 * seconds,
          oom: 0,
          oomKill: 0,
        }),
      },
    ),
    watchdog: {
      state: "running",
      limit: 300 * MiB,
      counters: {
        forced: Math.floor(seconds / 10),
        ineffective: Math.floor(seconds / 20),
        held: Math.floor(seconds / 30),
        bytesFreed: seconds * MiB,
        timeSpent: seconds,
      },
    },
    shedder: {
      inFlight: 3,
      admitted: seconds * 5,
      rejected: seconds,
      expired: 0,
      closedBy: undefined,
    },
  });
  return parseExposition(await registry.metrics());
}
