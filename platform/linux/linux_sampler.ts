// The Linux adapter.

import type { CgroupEvents } from "../../src/cgroup_events.ts";
import type { MemInfo } from "../../src/mem_info.ts";
import { wantedOf } from "../../src/fields.ts";
import type { AdapterName, SamplerOptions, Signals, ThriftySampler } from "../../src/sampler.ts";
import { type Engine, otherEngine } from "../engine.ts";
import type { FileIo } from "../file_io.ts";
import { Handle, OpenOnce } from "../open_once.ts";
import { LinuxReader } from "./linux_reader.ts";
import { OtherProcess } from "./other_process.ts";
import type { LinuxReading } from "./linux_signals.ts";

const readers = new Map<string, OpenOnce<LinuxReader>>();

/**
 * Opens the one reader of this root, or joins its users.
 *
 * @param joint Whether it takes part in joint readings, which serve several samplers.
 */
export function openLinuxSampler(
  options: SamplerOptions,
  io: FileIo,
  engine: Engine,
  joint: boolean,
): LinuxSampler {
  const root = options.root ?? "/";
  const reader = readerOf(root, () => new LinuxReader(root, io, engine));
  return new LinuxSampler(reader, options, joint);
}

/**
 * The same for another process.
 *
 * @param pid Its id.
 * @throws {ProcessError} If there is none, or if it cannot be read.
 * @throws {RangeError} If the id is that of a thread or of the kernel.
 */
export function openProcessSampler(
  pid: number,
  options: SamplerOptions,
  io: FileIo,
  joint: boolean,
): LinuxSampler {
  const root = options.root ?? "/";
  const other = new OtherProcess(root.endsWith("/") ? root.slice(0, -1) : root, pid, io);
  const key = `${root} ${pid} ${other.startTime}`;
  const reader = readerOf(key, () => new LinuxReader(root, io, otherEngine, undefined, pid));
  return new ProcessSampler(reader, options, joint, other);
}

/** The open reader with this key, or a new one. */
function readerOf(key: string, open: () => LinuxReader): OpenOnce<LinuxReader> {
  let reader = readers.get(key);
  if (reader === undefined) {
    reader = new OpenOnce(open(), () => readers.delete(key));
    readers.set(key, reader);
  }
  return reader;
}

/** One user of a {@linkcode LinuxReader}. */
export class LinuxSampler extends Handle<LinuxReader> implements ThriftySampler {
  readonly adapter: AdapterName = "linux";
  readonly #reading: LinuxReading;
  readonly #joint: boolean;
  #sampled = false;
  /** What it gave last, so that it never gives one snapshot twice. */
  #last: MemInfo | undefined;

  constructor(reader: OpenOnce<LinuxReader>, options: SamplerOptions, joint: boolean) {
    super(reader);
    this.#joint = joint;
    this.#reading = reader.value.readingOf(wantedOf(options));
  }

  get signals(): Signals {
    // Another sampler's reading may be long past.
    if (!this.#sampled) this.sample();
    return this.open.signals(this.#reading);
  }

  /** `undefined`, or why nothing at all can be read. */
  get problem(): string | undefined {
    return this.open.usable ? undefined : this.open.problem;
  }

  sample(enough: number = Infinity): MemInfo {
    this.#sampled = true;
    if (!this.#joint) return this.open.sample(this.#reading, enough);
    return this.#last = this.open.sampleJointly(this.#reading, this.#last);
  }

  cgroupEvents(): CgroupEvents | undefined {
    return this.#reading.wanted.cgroup ? this.open.cgroupEvents() : undefined;
  }

  onPressure(wake: () => void, unref: boolean): (() => void) | undefined {
    return this.open.onPressure(wake, unref);
  }
}

/** One user of a {@linkcode LinuxReader} of another process. */
class ProcessSampler extends LinuxSampler {
  readonly #other: OtherProcess;

  constructor(
    reader: OpenOnce<LinuxReader>,
    options: SamplerOptions,
    joint: boolean,
    other: OtherProcess,
  ) {
    super(reader, options, joint);
    this.#other = other;
  }

  override sample(enough?: number): MemInfo {
    const info = super.sample(enough);
    // The kernel accounts a process that has ended to the root cgroup.
    this.#other.check();
    return info;
  }
}
