// What a record holds, as it is told to the user.

/**
 * A snapshot as it was recorded. All sizes are bytes; a value that was
 * unavailable is `undefined`.
 *
 * @since 0.1.0
 */
export interface RecordedSample {
  /** When it was taken, in milliseconds since the epoch. */
  readonly at: number;
  /** Resident set of the process. */
  readonly processRss: number | undefined;
  /** Memory that the JavaScript engine holds. */
  readonly runtimeTotal: number | undefined;
  /** Heap in use. */
  readonly heapUsed: number | undefined;
  /** The engine's own limit of the heap. */
  readonly heapLimit: number | undefined;
  /** MemAvailable of the host. */
  readonly systemAvailable: number | undefined;
  /** Memory of the host. */
  readonly systemTotal: number | undefined;
  /** Usage of the effective cgroup. */
  readonly cgroupCurrent: number | undefined;
  /** Its limit; `Infinity`: none. */
  readonly cgroupLimit: number | undefined;
  /** Its usage without inactive page cache. */
  readonly cgroupWorkingSet: number | undefined;
  /** Headroom by these values; see `MemInfo.headroom()`. */
  readonly headroom: number | undefined;
  /** Times that the cgroup was slowed down, since the cgroup was made. */
  readonly high: number | undefined;
  /** Times that the cgroup was at its limit, since then. */
  readonly max: number | undefined;
  /** Times that reclaim did not help, since then. */
  readonly oom: number | undefined;
  /** Processes of the cgroup that an OOM killer ended, since then. */
  readonly oomKill: number | undefined;
  /** Requests that the shedder rejected since the sample before. */
  readonly rejected: number | undefined;
  /** Requests in flight. */
  readonly inFlight: number | undefined;
  /** Garbage collections that the watchdog forced since the sample before. */
  readonly forced: number | undefined;
  /** Bytes that they freed. */
  readonly freed: number | undefined;
}

/**
 * Something that happened during a run.
 *
 * @since 0.1.0
 */
export interface RecordedEvent {
  /** When, in milliseconds since the epoch. */
  readonly at: number;
  /**
   * - `"level"`: a level of shortage was entered.
   * - `"note"`: the program's own note.
   * - `"exception"`: an error that nobody caught.
   * - `"exit"`: the process exited by itself.
   * - `"stop"`: the recorder was stopped.
   */
  readonly kind: "level" | "note" | "exception" | "exit" | "stop";
  /** The level, the note, or the error. */
  readonly text: string;
  /** The exit code, if it is known. */
  readonly code?: number;
}

/**
 * How a run ended.
 *
 * @since 0.1.0
 */
export interface RunEnd {
  /**
   * - `"running"`: it has not ended.
   * - `"clean"`: it exited by itself with code 0, or the recorder was stopped.
   * - `"exit"`: it exited by itself with another code.
   * - `"exception"`: an error that nobody caught ended it.
   * - `"oom-kill"`: an OOM killer ended it.
   * - `"heap-limit"`: the JavaScript engine gave up at its heap limit.
   * - `"unknown"`: something ended it without a mark: a signal, a crash, or the host.
   */
  readonly kind:
    | "running"
    | "clean"
    | "exit"
    | "exception"
    | "oom-kill"
    | "heap-limit"
    | "unknown";
  /**
   * Whether that follows only from the last samples. `false`: a mark in the
   * record, or the kernel's counters, say so.
   */
  readonly inferred: boolean;
  /** When the last record was written, in milliseconds since the epoch. */
  readonly at: number;
  /** The exit code, if it is known. */
  readonly code?: number;
  /** The error that nobody caught, shortened. */
  readonly error?: string;
  /** Why the end is called so, in words. */
  readonly reason: string;
}

/**
 * One run of the program: from a start of the recorder to the next.
 *
 * @since 0.1.0
 */
export interface RecordedRun {
  /** Its number, counted from 1 in each file. */
  readonly run: number;
  /** Process id; `undefined` for older runs, of which only records are left. */
  readonly pid: number | undefined;
  /** Such as `{ name: "node", version: "24.1.0" }`; `undefined` for older runs. */
  readonly runtime: { readonly name: string; readonly version: string } | undefined;
  /** When it started, in milliseconds since the epoch; `undefined` if that is not known. */
  readonly startedAt: number | undefined;
  /** Milliseconds between two samples; `undefined`: not known, or the program's own matter. */
  readonly interval: number | undefined;
  /** The samples that the file still holds, the oldest first. */
  readonly samples: readonly RecordedSample[];
  /** The events that the file still holds, the oldest first. */
  readonly events: readonly RecordedEvent[];
  /** How it ended. */
  readonly end: RunEnd;
}

/**
 * What a record file holds.
 *
 * @since 0.1.0
 */
export interface FlightRecord {
  /** The latest run. */
  readonly latest: RecordedRun;
  /** All runs of which anything is left, the oldest first. */
  readonly runs: readonly RecordedRun[];
  /** Records that were not complete: torn by a kill, or damaged. They are left out. */
  readonly damaged: number;
}
