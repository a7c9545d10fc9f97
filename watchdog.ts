/**
 * Forces garbage collection before the memory limit is reached.
 *
 * Engines let garbage grow until their own heap limit is near, which can be beyond
 * the container's limit. A watchdog polls the usage and forces a collection at the
 * watermarks that a policy sets, within a GC rate limit.
 *
 * ```ts
 * import { watchdog } from "@x/memctl/watchdog";
 *
 * const dog = watchdog({ logger: console });
 * // … the service runs …
 * dog.stop();
 * ```
 *
 * A forced collection reaches the garbage of its own isolate only. Start one
 * watchdog in each isolate; in a worker, one line does it:
 * `import { watchdog } from "@x/memctl/watchdog"; watchdog();`. Watchdogs of one
 * process avoid collecting at the same time.
 *
 * @module
 */

export { AlreadyStartedError, NotSupportedError } from "./src/watchdog/errors.ts";
export type {
  CollectEvent,
  DisableEvent,
  FireEvent,
  IneffectiveEvent,
  Logger,
  WatchdogCounters,
} from "./src/watchdog/events.ts";
export type { EvidenceOptions } from "./src/watchdog/evidence_options.ts";
export type { EvidenceFile, EvidenceReport, MemoryPart } from "./src/watchdog/evidence_report.ts";
export type { ReturnMemoryOptions } from "./src/watchdog/memory_return.ts";
export type { Watchdog } from "./src/watchdog/handle.ts";
export type {
  CgroupDrivenOptions,
  CommonWatchdogOptions,
  HeapSnapshotOptions,
  WatchdogRules,
} from "./src/watchdog/options.ts";
export {
  adaptive,
  type GcPolicy,
  type GcPolicyInput,
  type GcPolicyLike,
  type GcPolicyVerdict,
  type WatermarkOptions,
  watermarks,
} from "./src/watchdog/policy.ts";
export {
  cgroupDriven,
  heapDriven,
  type HeapDrivenOptions,
  systemDriven,
  type SystemDrivenOptions,
  watchdog,
  type WatchdogOptions,
} from "./src/watchdog/watchdog.ts";
export type { GcRateLimitOptions } from "./src/watchdog/gc_rate_limit.ts";
// The types that the options use, so that one import is enough.
export type { CgroupEvents } from "./src/cgroup_events.ts";
export type { Clock } from "./src/clock.ts";
export type { MemInfo } from "./src/mem_info.ts";
export type { Scope } from "./src/scope.ts";
export type { Share } from "./src/size.ts";
export type {
  AdapterName,
  Sampler,
  SamplerOptions,
  SamplerSource,
  Signal,
  Signals,
  Usage,
} from "./src/sampler.ts";
