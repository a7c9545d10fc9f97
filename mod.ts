/**
 * Samples the memory of this process, its container and its host, and passes each
 * snapshot to your callback.
 *
 * It works in Deno, Bun and Node, on Linux (procfs, cgroup v1 and v2) and macOS.
 * On other systems it uses the figures that the runtime reports.
 *
 * ```ts
 * import { GiB, MiB, watch } from "@x/memctl";
 *
 * let workers = 4;
 *
 * const stop = new AbortController();
 * await watch({ interval: 2_000, immediate: true, signal: stop.signal }, (info) => {
 *   stop.abort(); // after one sample; a service leaves this line out
 *   const headroom = info.headroom();
 *   if (headroom === undefined) return;
 *   if (headroom < 512 * MiB) workers = 1;
 *   else if (headroom > 1 * GiB) workers = 4;
 * });
 * console.log(`${workers} workers`);
 * ```
 *
 * @module
 */

export { GiB, KiB, MiB } from "./src/bytes.ts";
export type { CgroupEvents } from "./src/cgroup_events.ts";
export type { Clock } from "./src/clock.ts";
export type { SampledField } from "./src/fields.ts";
export { NotSupportedError, ProcessError } from "./src/errors.ts";
export { openSampler } from "./src/host/sampling.ts";
export {
  MemInfo,
  type MemInfoInit,
  type MemInfoJson,
  type MemoryPressure,
  type PressureFigures,
  type SignalName,
  type SizeName,
  type Tightest,
} from "./src/mem_info.ts";
export { sample } from "./src/sample.ts";
export type {
  AdapterName,
  Sampler,
  SamplerOptions,
  SamplerSource,
  Signal,
  Signals,
  Usage,
} from "./src/sampler.ts";
export { samples, type SamplesOptions } from "./src/samples.ts";
export type { Scope } from "./src/scope.ts";
export type { Share, Size } from "./src/size.ts";
export { watch, type WatchCallback, type WatchCause, type WatchContext } from "./src/watch.ts";
export type { WatchControls, WatchOptions } from "./src/watch_options.ts";
