import { openSource } from "../../src/sampler_source.ts";
import { Dog, type DogParts } from "../../src/watchdog/dog.ts";
import { cgroupGauge } from "../../src/watchdog/gauge.ts";
import { readCommonOptions } from "../../src/watchdog/settings.ts";
import { GcRateLimit } from "../../src/watchdog/gc_rate_limit.ts";
import { type CommonWatchdogOptions, watermarks } from "../../watchdog.ts";
import type { WatchdogBench } from "./watchdog_bench.ts";

/**
 * Starts a watchdog in the bench's container of parts that the public functions
 * choose by the runtime: how the engine is asked or steered, and how other
 * isolates are reached. Its watermark is half of the limit.
 */
export function startDog(
  bench: WatchdogBench,
  parts: Partial<DogParts> = {},
  options: CommonWatchdogOptions = {},
): Dog {
  const settings = readCommonOptions(
    bench.options({ policy: watermarks([0.5]), ...options }),
    "cgroup",
  );
  return new Dog({
    settings,
    gauge: cgroupGauge,
    gc: settings.gc!,
    guard: new GcRateLimit(settings.guard),
    early: undefined,
    source: openSource(settings),
    steering: undefined,
    snapshots: undefined,
    evidence: undefined,
    memoryReturn: undefined,
    logger: settings.logger,
    openChannel: undefined,
    onStop: () => {},
    ...parts,
  }, bench.sampler.sample());
}
