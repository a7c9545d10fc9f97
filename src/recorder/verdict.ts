// How a run ended, by what it recorded and by what is known now.

import { formatBytes } from "../bytes.ts";
import type { RunInfo } from "./header.ts";
import type { RunRecords } from "./parse.ts";
import type { RecordedSample, RunEnd } from "./run.ts";

/** What is known besides the record. */
export interface Facts {
  /** Whether the process of the run still runs; `undefined`: that cannot be told. */
  readonly alive: boolean | undefined;
  /** The counter `oom_kill` of the run's cgroup as it is now; `undefined`: unknown. */
  readonly oomKill: number | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Samples that growth is estimated by. */
const WINDOW = 6;
/** How many intervals the growth is continued for behind the last sample. */
const AHEAD = 2;
/** Part of the cgroup's limit from which on an OOM kill is inferred. */
const NEAR_LIMIT = 0.95;
/** Part of the heap's ceiling from which on the engine's end is inferred. */
const NEAR_CEILING = 0.9;
/** How long after the last record a run of which nothing is known counts as running. */
const LEAST_SILENCE = 5_000;

/** Decides how a run ended. */
export function judge(
  records: RunRecords,
  info: RunInfo | undefined,
  facts: Facts,
): RunEnd {
  const marked = judgeMarks(records);
  if (marked !== undefined) return marked;
  const at = records.lastAt;
  const silence = Math.max(LEAST_SILENCE, 3 * (info?.interval ?? 0));
  if (facts.alive) {
    return { kind: "running", inferred: false, at, reason: "its process is running" };
  }
  if (facts.alive === undefined && facts.now - at < silence) {
    const seconds = Math.max(0, facts.now - at) / 1000;
    return {
      kind: "running",
      inferred: true,
      at,
      reason: `its last record is ${seconds.toFixed(1)} s old, and its process cannot be seen`,
    };
  }
  const last = records.samples.at(-1);
  const before = last?.oomKill;
  const counted = before !== undefined && facts.oomKill !== undefined;
  if (counted && facts.oomKill! > before!) {
    return {
      kind: "oom-kill",
      inferred: false,
      at,
      reason: `the kernel's counter oom_kill of its cgroup rose from ${before} to ` +
        `${facts.oomKill} after the last sample`,
    };
  }
  const known = counted ? `the kernel's counter oom_kill stayed at ${before}` : undefined;
  return infer(records, info?.heapCeiling, at, known);
}

/** Decides by the marks behind the last sample. */
function judgeMarks({ trailing }: RunRecords): RunEnd | undefined {
  const last = trailing.findLast(({ kind }) => kind === "exit" || kind === "stop");
  const exception = trailing.findLast(({ kind }) => kind === "exception");
  const code = last?.kind === "exit" ? last.code : undefined;
  if (exception !== undefined && last?.kind !== "stop" && code !== 0) {
    return {
      kind: "exception",
      inferred: false,
      at: exception.at,
      ...(code !== undefined && { code }),
      error: exception.text,
      reason: "nobody caught an error",
    };
  }
  if (last === undefined) return undefined;
  if (last.kind === "stop") {
    return { kind: "clean", inferred: false, at: last.at, reason: "the recorder was stopped" };
  }
  const reason = code === undefined
    ? "the process exited by itself"
    : `the process exited by itself with code ${code}`;
  const kind = (code ?? 0) === 0 ? "clean" : "exit";
  return { kind, inferred: false, at: last.at, ...(code !== undefined && { code }), reason };
}

/** @param known What the counters say, which rules out an OOM kill; `undefined`: nothing. */
function infer(
  { samples }: RunRecords,
  ceiling: number | undefined,
  at: number,
  known: string | undefined,
): RunEnd {
  const heap = ceiling === undefined ? 0 : reach(samples, (sample) => sample.heapUsed) / ceiling;
  const last = samples.at(-1);
  const limit = last?.cgroupLimit;
  const limited = limit !== undefined && limit !== Infinity && known === undefined;
  const used = limited
    ? reach(samples, ({ cgroupWorkingSet, cgroupCurrent }) => cgroupWorkingSet ?? cgroupCurrent) /
      limit
    : 0;
  const because = known === undefined ? "" : `${known}, and `;
  if (heap >= NEAR_CEILING && (used < NEAR_LIMIT || heap >= used)) {
    return {
      kind: "heap-limit",
      inferred: true,
      at,
      reason: `${because}the heap had ${show(last?.heapUsed)} of ${show(ceiling)} in the last ` +
        "sample and was about to reach them",
    };
  }
  if (used >= NEAR_LIMIT) {
    return {
      kind: "oom-kill",
      inferred: true,
      at,
      reason: `the cgroup used ${show(last?.cgroupWorkingSet ?? last?.cgroupCurrent)} of ` +
        `${show(limit)} in the last sample and was about to reach them; its counters are gone`,
    };
  }
  return {
    kind: "unknown",
    inferred: false,
    at,
    reason: `the record has no mark of an end${known === undefined ? "" : `, and ${known}`}: ` +
      "a signal, a crash of the runtime or the host ended it",
  };
}

/** The last value, continued by its growth so far. */
function reach(
  samples: readonly RecordedSample[],
  value: (sample: RecordedSample) => number | undefined,
): number {
  const points = samples.slice(-WINDOW)
    .map((sample) => ({ at: sample.at, value: value(sample) }))
    .filter((point): point is { at: number; value: number } => point.value !== undefined);
  const last = points.at(-1);
  if (last === undefined) return 0;
  const first = points[0]!;
  const steps = points.length - 1;
  if (steps === 0) return last.value;
  return last.value + AHEAD * Math.max(0, last.value - first.value) / steps;
}

function show(bytes: number | undefined): string {
  return bytes === undefined ? "an unknown part" : formatBytes(bytes);
}
