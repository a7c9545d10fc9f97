// The start of a run: what the file holds, how the run before ended, and the
// header of the new one.

import {
  heapCeiling,
  isAlive,
  newBuffer,
  oomKillsOf,
  openRecordFile,
  runtimeVersion,
  thisProcess,
} from "../host/recorder.ts";
import {
  type CgroupIdentity,
  encodeHeader,
  type Header,
  headerAt,
  type ProcessIdentity,
} from "./header.ts";
import { isUnused, type ParsedFile, parseFile } from "./parse.ts";
import { Ring } from "./ring.ts";
import { runOf } from "./read.ts";
import type { RecordFile } from "./record_file.ts";
import type { RecordedRun } from "./run.ts";

/** What a run is started with. */
export interface Start {
  readonly path: string;
  readonly size: number;
  readonly interval: number | false;
  readonly cgroup: CgroupIdentity | undefined;
}

/** A run that can be recorded. */
export interface Started {
  readonly file: RecordFile;
  readonly ring: Ring;
  /** The run before; `undefined`: there was none. */
  readonly previous: RecordedRun | undefined;
}

/**
 * Opens the file and begins a run in it.
 *
 * @throws {Error} If the file cannot be used. It is then as it was before.
 */
export function start({ path, size, interval, cgroup }: Start): Started {
  const own = thisProcess();
  const file = openRecordFile(path);
  try {
    const bytes = file.readAll();
    const parsed = parseFile(bytes);
    if (parsed === undefined && !isUnused(bytes)) {
      throw new Error("it exists and is not a record of memctl, so it is not overwritten");
    }
    refuseOther(parsed, own);
    file.resize(size);
    const previous = parsed && previousRun(parsed);
    const run = (parsed?.headers[0]?.run ?? 0) + 1;
    const header: Header = {
      run,
      token: crypto.getRandomValues(new Uint32Array(1))[0]!,
      info: {
        process: own,
        runtime: runtimeVersion(),
        startedAt: Date.now(),
        interval: interval === false ? null : interval,
        heapCeiling: heapCeiling(),
        cgroup,
        past: pastOf(parsed, previous),
      },
    };
    file.write(encodeHeader(header), headerAt(run));
    const sequence = parsed?.sequence ?? 0;
    const ring = new Ring(file, { size, run, token: header.token, sequence }, newBuffer);
    return { file, ring, previous };
  } catch (error) {
    file.discard();
    throw error;
  }
}

/** Throws if another process that runs has not ended its run. */
function refuseOther(parsed: ParsedFile | undefined, own: ProcessIdentity): void {
  const latest = parsed?.headers[0];
  if (latest === undefined) return;
  const { process } = latest.info;
  // The same process may have been replaced by exec(2), or be another isolate:
  // the run before then notices that it is replaced.
  if (process.pid === own.pid || !isAlive(process)) return;
  const records = parsed!.runs.at(-1)!;
  if (records.trailing.some(({ kind }) => kind === "stop" || kind === "exit")) return;
  throw new Error(
    `process ${process.pid} records into it and is running. Give each process a file of its own`,
  );
}

function previousRun(parsed: ParsedFile): RecordedRun {
  const { run, info } = parsed.headers[0]!;
  const oomKill = info.cgroup && oomKillsOf(info.cgroup, info.process);
  return runOf(parsed, run, { alive: false, oomKill, now: Date.now() });
}

function pastOf(
  parsed: ParsedFile | undefined,
  previous: RecordedRun | undefined,
): Header["info"]["past"] {
  if (previous === undefined) return [];
  const { run, startedAt = 0, end } = previous;
  return [{ run, startedAt, end }, ...parsed!.past];
}
