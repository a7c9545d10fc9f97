import { openSampler } from "./host/sampling.ts";
import type { MemInfo } from "./mem_info.ts";
import type { SamplerOptions } from "./sampler.ts";

/**
 * Takes one snapshot. To take many, use {@linkcode watch}, or
 * {@linkcode openSampler}, which keeps its files open.
 *
 * ```ts
 * import { sample } from "@x/memctl";
 *
 * const info = await sample({ usage: "workingSet" });
 * console.log(info.headroom(), info.tightest());
 * ```
 *
 * @param options What to sample, and how.
 * @returns The snapshot; a signal that cannot be read is `undefined` in it.
 * @throws {TypeError} (as a rejection) If an option is of the wrong type.
 * @throws {RangeError} (as a rejection) If an option has a value that it does not know.
 * @since 0.1.0
 */
export async function sample(options: SamplerOptions = {}): Promise<MemInfo> {
  // No `using`: Node 22 runs these sources and does not know the keyword.
  const sampler = openSampler(options);
  try {
    return await sampler.sample();
  } finally {
    sampler.close();
  }
}
