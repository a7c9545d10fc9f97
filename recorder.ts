/**
 * A flight recorder: the last minutes of a process in a ring file of fixed size,
 * which survives SIGKILL. The next start, or `memctl report FILE`, tells how the
 * last run ended: a clean exit, an error, an OOM kill, or the heap limit.
 *
 * ```ts
 * import { recorder } from "@x/memctl/recorder";
 * import { tmpdir } from "node:os";
 *
 * const flight = recorder({
 *   file: `${tmpdir()}/memctl-example-${crypto.randomUUID()}.rec`, // on a volume
 *   onPreviousEnd: ({ end }) => console.log(`last run: ${end.kind}, because ${end.reason}`),
 * });
 * // … the service runs …
 * flight.stop();
 * ```
 *
 * @module
 */

export type {
  RecordedShedder,
  RecordedWatchdog,
  RecorderOptions,
  RecorderRules,
} from "./src/recorder/options.ts";
export { readRecord } from "./src/recorder/read.ts";
export { type Recorder, recorder } from "./src/recorder/recorder.ts";
export type {
  FlightRecord,
  RecordedEvent,
  RecordedRun,
  RecordedSample,
  RunEnd,
} from "./src/recorder/run.ts";
// The types that these use, so that one import is enough.
export type { CgroupEvents } from "./src/cgroup_events.ts";
export type { Clock } from "./src/clock.ts";
export type * from "./src/sampling_types.ts";
