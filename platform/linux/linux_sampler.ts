// The Linux adapter.

import type { MemInfo } from "../../src/mem_info.ts";
import { wantedOf } from "../../src/fields.ts";
import type { AdapterName, SamplerOptions, Signals, ThriftySampler } from "../../src/sampler.ts";
import type { Engine } from "../engine.ts";
import type { FileIo } from "../file_io.ts";
import { Handle, OpenOnce } from "../open_once.ts";
import { LinuxReader } from "./linux_reader.ts";
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
  let reader = readers.get(root);
  if (reader === undefined) {
    reader = new OpenOnce(new LinuxReader(root, io, engine), () => readers.delete(root));
    readers.set(root, reader);
  }
  return new LinuxSampler(reader, options, joint);
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

  onPressure(wake: () => void, unref: boolean): (() => void) | undefined {
    return this.open.onPressure(wake, unref);
  }
}
