// The Linux adapter.

import type { MemInfo } from "../../src/mem_info.ts";
import type { AdapterName, Sampler, SamplerOptions, Signals } from "../../src/sampler.ts";
import type { Engine } from "../engine.ts";
import type { FileIo } from "../file_io.ts";
import { Handle, Shared } from "../shared.ts";
import { LinuxReader } from "./linux_reader.ts";

const readers = new Map<string, Shared<LinuxReader>>();

/**
 * Opens the one reader of this root, or joins those who use it.
 *
 * @param share Whether its readings may be those of other samplers that share.
 */
export function openLinuxSampler(
  options: SamplerOptions,
  io: FileIo,
  engine: Engine,
  share: boolean,
): LinuxSampler {
  const root = options.root ?? "/";
  let shared = readers.get(root);
  if (shared === undefined) {
    shared = new Shared(new LinuxReader(root, io, engine), () => readers.delete(root));
    readers.set(root, shared);
  }
  return new LinuxSampler(shared, options, share);
}

/** One user of a {@linkcode LinuxReader}. */
export class LinuxSampler extends Handle<LinuxReader> implements Sampler {
  readonly adapter: AdapterName = "linux";
  readonly #workingSet: boolean;
  readonly #pressure: boolean;
  readonly #share: boolean;
  /** What it gave last, so that it never gives one snapshot twice. */
  #last: MemInfo | undefined;

  constructor(
    shared: Shared<LinuxReader>,
    { usage, pressure = false }: SamplerOptions,
    share: boolean,
  ) {
    super(shared);
    this.#share = share;
    this.#workingSet = usage === "workingSet";
    this.#pressure = pressure;
  }

  get signals(): Signals {
    return this.open.signals(this.#workingSet, this.#pressure);
  }

  /** `undefined`, or why nothing at all can be read. */
  get problem(): string | undefined {
    return this.open.usable ? undefined : this.open.problem;
  }

  sample(): MemInfo {
    if (!this.#share) return this.open.sample(this.#workingSet, this.#pressure);
    return this.#last = this.open.share(this.#workingSet, this.#pressure, this.#last);
  }

  onPressure(wake: () => void, unref: boolean): (() => void) | undefined {
    return this.open.onPressure(wake, unref);
  }
}
