// Where sampling meets platform/.

import { pickSampler } from "../../platform/pick.ts";
import type { Sampler, SamplerOptions } from "../sampler.ts";
import { readSamplerOptions } from "../sampler_options.ts";

export { systemClock } from "../../platform/system_clock.ts";

/**
 * Opens a source of snapshots for hot paths. Files are opened at once and
 * shared with every other sampler and watch of this process.
 *
 * If the process runs out of file descriptors, these files take turns with the
 * descriptors that the sampler already has. One is enough.
 *
 * In a worker thread of Bun each sample opens its files and closes them again,
 * because Bun never closes the descriptors of a terminated worker. A sample
 * takes about three times as long there as on the main thread.
 *
 * ```ts
 * import { openSampler } from "@x/memctl";
 *
 * const sampler = openSampler();
 * const info = await sampler.sample(); // on Linux there is nothing to await
 * console.log(`${info}`);
 *
 * const { available, source, reason } = sampler.signals.cgroupLimit;
 * console.log(available ? source : reason);
 * sampler.close(); // or declare it with `using`
 * ```
 *
 * @param options What to sample, and how.
 * @returns The sampler; close it when done.
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {RangeError} If an option has an unknown value, or `pid` is that of a thread or of the
 * kernel.
 * @throws {ProcessError} If there is no process `pid`, or if it cannot be read.
 * @throws {NotSupportedError} If `pid` is given and this is not Linux.
 * @since 0.1.0
 */
export function openSampler(options: SamplerOptions = {}): Sampler {
  return pickSampler(readSamplerOptions(options), false);
}

/** The same for a watch, with checked options: watches due at the same time get a joint reading. */
export function openJointSampler(options: SamplerOptions): Sampler {
  return pickSampler(options, true);
}
