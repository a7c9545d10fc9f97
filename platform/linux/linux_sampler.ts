// The Linux adapter.

import type { MemInfo } from "../../src/mem_info.ts";
import type { AdapterName, Sampler, SamplerOptions, Signals } from "../../src/sampler.ts";
import type { Engine } from "../engine.ts";
import type { FileIo } from "../file_io.ts";
import { Handle, OpenOnce } from "../open_once.ts";
import { LinuxReader } from "./linux_reader.ts";

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
export class LinuxSampler extends Handle<LinuxReader> implements Sampler {
  readonly adapter: AdapterName = "linux";
  readonly #workingSet: boolean;
  readonly #pressure: boolean;
  readonly #joint: boolean;
  #sampled = false;
  /** What it gave last, so that it never gives one snapshot twice. */
  #last: MemInfo | undefined;

  constructor(
    reader: OpenOnce<LinuxReader>,
    { usage, pressure = false }: SamplerOptions,
    joint: boolean,
  ) {
    super(reader);
    this.#joint = joint;
    this.#workingSet = usage === "workingSet";
    this.#pressure = pressure;
  }

  get signals(): Signals {
    // Another sampler's reading may be long past.
    if (!this.#sampled) this.sample();
    return this.open.signals(this.#workingSet, this.#pressure);
  }

  /** `undefined`, or why nothing at all can be read. */
  get problem(): string | undefined {
    return this.open.usable ? undefined : this.open.problem;
  }

  sample(): MemInfo {
    this.#sampled = true;
    if (!this.#joint) return this.open.sample(this.#workingSet, this.#pressure);
    return this.#last = this.open.sampleJointly(this.#workingSet, this.#pressure, this.#last);
  }

  onPressure(wake: () => void, unref: boolean): (() => void) | undefined {
    return this.open.onPressure(wake, unref);
  }
}
