// Where a part of the module takes its snapshots from: a sampler of the
// user's, or one of this host, which that part opens and closes.

import { checkOptionalMethod, show } from "./check.ts";
import { openSampler } from "./host/sampling.ts";
import type { MemInfo } from "./mem_info.ts";
import type { Sampler, SamplerOptions, SamplerSource, ThriftySampler } from "./sampler.ts";
import { readSamplerOptions } from "./sampler_options.ts";

/** A source that was checked. */
export interface SourceSettings {
  /** The user's sampler, which the user closes. `undefined`: one of this host. */
  readonly sampler: Sampler | undefined;
  /** What a sampler of this host is to sample, with the defaults filled in. */
  readonly sampling: SamplerOptions;
}

/** An open source. */
export interface OpenSource {
  readonly sampler: Sampler;
  /** Whether it is the user's. */
  readonly isForeign: boolean;
  /**
   * Takes one snapshot. The user's sampler is not told what is enough; see
   * {@linkcode ThriftySampler}.
   */
  sample(enough?: number): MemInfo | Promise<MemInfo>;
  /** Closes the sampler, unless it is the user's. */
  close(): void;
}

/**
 * Reads each option of a source once, and checks it.
 *
 * @param defaults What to sample where the user does not say.
 * @param hasLimit As for {@linkcode readSamplerOptions}.
 * @throws {TypeError} If an option is of the wrong type, or if there is a
 * sampler and also an option that says what to sample.
 * @throws {RangeError} If an option has an unknown value.
 */
export function readSamplerSource(
  options: SamplerSource,
  defaults: SamplerOptions = {},
  hasLimit = true,
): SourceSettings {
  const sampling = readSamplerOptions(options, hasLimit);
  const { sampler } = options;
  checkOptionalMethod("sampler", sampler, "sample");
  const names = Object.keys(sampling) as (keyof SamplerOptions)[];
  for (const name of names) {
    if (sampler === undefined) sampling[name] ??= defaults[name] as undefined;
    else if (sampling[name] !== undefined) refuse(name, sampling[name]);
  }
  return { sampler, sampling };
}

/**
 * Refuses options of a sampler that a part of the module sets itself.
 *
 * @param owner That part, as in "a watchdog".
 * @throws {TypeError} If one of them is given.
 */
export function refuseSampling(
  { sampling }: SourceSettings,
  names: readonly (keyof SamplerOptions)[],
  owner: string,
): void {
  for (const name of names) {
    if (sampling[name] === undefined) continue;
    throw new TypeError(
      `'${name}' is not an option of ${owner}, which knows what it has to read: ` +
        `current value is ${show(sampling[name])}`,
    );
  }
}

/** Opens a sampler of this host, unless the user gave one. */
export function openSource({ sampler, sampling }: SourceSettings): OpenSource {
  if (sampler !== undefined) {
    return { sampler, isForeign: true, sample: () => sampler.sample(), close: () => {} };
  }
  const own: ThriftySampler = openSampler(sampling);
  return {
    sampler: own,
    isForeign: false,
    sample: (enough) => own.sample(enough),
    close: () => own.close(),
  };
}

function refuse(name: string, value: unknown): never {
  throw new TypeError(
    `'${name}' and 'sampler' exclude each other, because a sampler decides what it samples: ` +
      `current value of '${name}' is ${show(value)}`,
  );
}
