import { isAlive, oomKillsOf, readRecordFile } from "../host/recorder.ts";
import { messageOf } from "../thrown.ts";
import { checkFile } from "./options.ts";
import { isUnused, type ParsedFile, parseFile, type RunRecords } from "./parse.ts";
import type { FlightRecord, RecordedRun } from "./run.ts";
import { type Facts, judge } from "./verdict.ts";

/**
 * Reads a record file: the runs of which anything is left, and how each ended.
 * The file may be in use.
 *
 * The latest run is judged by what is known now: whether its process runs, and
 * the counters of its cgroup if that still exists. So the answer is better on the
 * host and in the container where it ran.
 *
 * ```ts
 * import { readRecord, recorder } from "@x/memctl/recorder";
 * import { tmpdir } from "node:os";
 *
 * const file = `${tmpdir()}/memctl-example-${crypto.randomUUID()}.rec`;
 * const flight = recorder({ file });
 * flight.stop();
 *
 * const { latest } = readRecord(file);
 * console.log(latest.end.kind, latest.samples.length); // clean 1
 * ```
 *
 * @param file The path.
 * @returns What it holds.
 * @throws {TypeError} If `file` is no string.
 * @throws {Error} If the file cannot be read, or is not a record.
 * @since 0.1.0
 */
export function readRecord(file: string): FlightRecord {
  checkFile(file);
  const bytes = bytesOf(file);
  const parsed = parseFile(bytes);
  if (parsed === undefined) {
    throw new Error(
      isUnused(bytes)
        ? `Cannot read ${file}: nothing has been recorded in it`
        : `Cannot read ${file}: it is not a record of memctl`,
    );
  }
  const { process, cgroup } = parsed.headers[0]!.info;
  const facts: Facts = {
    alive: isAlive(process),
    oomKill: cgroup && oomKillsOf(cgroup, process),
    now: Date.now(),
  };
  const runs = parsed.runs.map(({ run }) => runOf(parsed, run, facts));
  return { latest: runs.at(-1)!, runs, damaged: parsed.damaged };
}

function bytesOf(file: string): Uint8Array {
  try {
    return readRecordFile(file);
  } catch (cause) {
    throw new Error(`Cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
}

/**
 * A run of a parsed file.
 *
 * @param facts What is known of the latest run now. Of the others it is not known.
 */
export function runOf(parsed: ParsedFile, run: number, facts: Facts): RecordedRun {
  const info = parsed.headers.find((header) => header.run === run)?.info;
  const past = parsed.past.find((past) => past.run === run);
  const records: RunRecords = parsed.runs.find((records) => records.run === run)!;
  const { samples, events } = records;
  const isLatest = run === parsed.headers[0]!.run;
  const known = isLatest ? facts : { alive: false, oomKill: undefined, now: facts.now };
  return {
    run,
    pid: info?.process.pid,
    runtime: info?.runtime,
    startedAt: info?.startedAt ?? past?.startedAt,
    interval: info?.interval ?? undefined,
    samples,
    events,
    end: past?.end ?? judge(records, info, known),
  };
}
