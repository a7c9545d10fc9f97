import { checkObject, show } from "../check.ts";
import { cgroupAt, onProcessEnd } from "../host/recorder.ts";
import type { MemInfo } from "../mem_info.ts";
import { type OpenSource, openSource } from "../sampler_source.ts";
import { adopt, callReporting } from "../thenable.ts";
import { describeThrown, messageOf } from "../thrown.ts";
import { watch } from "../watch.ts";
import { readRecorderOptions, type RecorderOptions, type RecorderSettings } from "./options.ts";
import type { RecordFile } from "./record_file.ts";
import { ReplacedError, type Ring } from "./ring.ts";
import type { RecordedRun, RunEnd } from "./run.ts";
import { start } from "./start.ts";
import { SampleValues } from "./values.ts";

/**
 * A running flight recorder. None of its methods throws because of the file, and
 * all of them can be passed on without `this`.
 *
 * @since 0.1.0
 */
export interface Recorder extends Disposable {
  /** The file. */
  readonly file: string;
  /**
   * - `"recording"`: all is well.
   * - `"failing"`: the latest record could not be written; the next one is tried.
   * - `"replaced"`: another recorder has taken over the file, and this one has ended.
   * - `"stopped"`: by `stop()` or the signal.
   */
  readonly state: "recording" | "failing" | "replaced" | "stopped";
  /** How the run before this one ended; `undefined` if the file had none. */
  readonly previousEnd: RunEnd | undefined;
  /** Records a snapshot; without one, the recorder takes it. */
  readonly sample: (info?: MemInfo) => void;
  /** Records that a level of shortage was entered. */
  readonly level: (name: string) => void;
  /** Records a note of up to 190 bytes, such as the start of a large job. */
  readonly note: (text: string) => void;
  /** Marks the end of the run as clean, and closes the file. Calling it again has no effect. */
  readonly stop: () => void;
}

/** The files that recorders of this isolate write to. */
const inUse = new Set<string>();

/**
 * Starts to record memory into a ring file of fixed size, which survives SIGKILL:
 * an OOM kill, a heap limit or a crash loses at most the record that was being
 * written. Marks a clean exit, and an error that nobody catches.
 *
 * It takes the disk space at the start. After that it only overwrites parts of
 * the file, and never calls fsync: a kill of the process loses nothing, a loss of
 * power may.
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
 * @param options Where and what to record.
 * @returns The recorder. It need not be stopped: the end of the process is marked too.
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {RangeError} If an option is out of range or has an unknown value.
 * @throws {Error} If the file cannot be opened, made or filled, is no record, or belongs to
 * another process that runs. Nothing is left behind then.
 * @since 0.1.0
 */
export function recorder(options: RecorderOptions): Recorder {
  const settings = readRecorderOptions(options);
  const { file, signal, size, interval } = settings;
  if (signal?.aborted) return new FlightRecorder(settings, undefined);
  if (inUse.has(file)) {
    throw new Error(`Cannot record into ${file}: a recorder of this program already does`);
  }
  const source = openSource(settings);
  try {
    const folder = source.sampler.cgroupEvents?.()?.folder;
    const cgroup = folder === undefined ? undefined : cgroupAt(folder);
    const { previous, ...parts } = start({ path: file, size, interval, cgroup });
    inUse.add(file);
    const flight = new FlightRecorder(settings, { ...parts, source }, previous?.end);
    flight.start(previous);
    return flight;
  } catch (cause) {
    source.close();
    throw cannotRecord(file, cause);
  }
}

/** What a recorder works with. */
interface Parts {
  readonly file: RecordFile;
  readonly ring: Ring;
  readonly source: OpenSource;
}

class FlightRecorder implements Recorder {
  readonly file: string;
  readonly previousEnd: RunEnd | undefined;
  readonly #settings: RecorderSettings;
  readonly #parts: Parts | undefined;
  readonly #ended = new AbortController();
  #state: Recorder["state"] = "recording";
  #stopListening: () => void = () => {};
  /** Whether the failure that lasts has been reported. */
  #reported = false;
  #level: string | undefined;
  #exit: { code: number | undefined } | undefined;
  readonly #values: SampleValues;

  /** @param parts `undefined`: it is stopped already. */
  constructor(settings: RecorderSettings, parts: Parts | undefined, previousEnd?: RunEnd) {
    this.file = settings.file;
    this.previousEnd = previousEnd;
    this.#settings = settings;
    this.#parts = parts;
    this.#values = new SampleValues(settings.shedder, settings.watchdog);
    if (parts === undefined) this.#state = "stopped";
  }

  /** @param previous Passed on, and not kept: it has thousands of samples. */
  start(previous: RecordedRun | undefined): void {
    const { interval, signal, onPreviousEnd } = this.#settings;
    signal?.addEventListener("abort", this.stop);
    this.#stopListening = onProcessEnd({
      onException: (error) =>
        this.#write((ring) =>
          ring.writeEvent("exception", describeThrown(error).split("\n", 1)[0]!)
        ),
      onExit: this.#onExit,
    });
    this.sample();
    if (interval !== false) this.#sampleEvery(interval);
    if (previous !== undefined && onPreviousEnd !== undefined) {
      queueMicrotask(() => callReporting(() => onPreviousEnd(previous), this.#report));
    }
  }

  get state(): Recorder["state"] {
    return this.#state;
  }

  readonly sample = (info?: MemInfo): void => {
    if (this.#isOver) return;
    if (info !== undefined) {
      checkObject("info", info);
      return this.#record(info);
    }
    try {
      const sampled = this.#parts!.source.sample();
      const pending = adopt(sampled);
      if (pending === undefined) this.#record(sampled as MemInfo);
      else pending.then(this.#record, this.#fail);
    } catch (error) {
      this.#fail(error);
    }
  };

  readonly level = (name: string): void => {
    this.#writeText("level", "name", name);
  };

  readonly note = (text: string): void => {
    this.#writeText("note", "text", text);
  };

  readonly stop = (): void => {
    if (this.#isOver) return;
    this.#write((ring) => ring.writeEvent("stop", ""));
    // It may have found out that it was replaced.
    if (!this.#isOver) this.#end("stopped");
  };

  [Symbol.dispose](): void {
    this.stop();
  }

  get #isOver(): boolean {
    return this.#state === "stopped" || this.#state === "replaced";
  }

  #sampleEvery(interval: number): void {
    const { unref, clock } = this.#settings;
    const { sampler } = this.#parts!.source;
    const { signal } = this.#ended;
    const onPanic = this.#fail;
    watch({ interval, unref, clock, sampler, signal, onPanic }, this.#record).catch(this.#fail);
  }

  readonly #onExit = (code: number | undefined): void => {
    // Deno reports an exit in two ways.
    if (this.#exit !== undefined && this.#exit.code === code) return;
    this.#exit = { code };
    this.#write((ring) => ring.writeEvent("exit", "", code));
  };

  #writeText(kind: "level" | "note", name: string, text: unknown): void {
    if (typeof text !== "string") {
      throw new TypeError(`'${name}' must be a string: current value is ${show(text)}`);
    }
    this.#write((ring) => ring.writeEvent(kind, text));
  }

  readonly #record = (info: MemInfo): void => {
    if (this.#isOver) return;
    try {
      const { ring, source } = this.#parts!;
      const { shedder } = this.#settings;
      const values = this.#values.collect(info, source.sampler.cgroupEvents?.());
      ring.writeSample(Number.isFinite(info.at) ? info.at : Date.now(), values);
      const level = shedder?.level;
      if (level !== this.#level) {
        this.#level = level;
        ring.writeEvent("level", String(level));
      }
      this.#succeed();
    } catch (error) {
      this.#fail(error);
    }
  };

  #write(write: (ring: Ring) => void): void {
    if (this.#isOver) return;
    try {
      write(this.#parts!.ring);
      this.#succeed();
    } catch (error) {
      this.#fail(error);
    }
  }

  #succeed(): void {
    this.#state = "recording";
    this.#reported = false;
  }

  readonly #fail = (cause: unknown): void => {
    if (this.#isOver) return;
    if (cause instanceof ReplacedError) this.#end("replaced");
    else this.#state = "failing";
    if (this.#reported) return;
    this.#reported = true;
    this.#report(cannotRecord(this.file, cause));
  };

  #end(state: "stopped" | "replaced"): void {
    this.#state = state;
    inUse.delete(this.file);
    this.#stopListening();
    this.#settings.signal?.removeEventListener("abort", this.stop);
    const { file, source } = this.#parts!;
    this.#ended.abort();
    source.close();
    try {
      file.close();
    } catch (error) {
      this.#report(error);
    }
  }

  readonly #report = (error: unknown): void => {
    // An error of `onError` itself has no other place to go.
    callReporting(() => this.#settings.onError?.(error), () => {});
  };
}

function cannotRecord(file: string, cause: unknown): Error {
  return new Error(`Cannot record into ${file}: ${messageOf(cause)}`, { cause });
}
