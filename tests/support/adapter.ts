import process from "node:process";
import type { AdapterName, SamplerOptions } from "../../src/sampler.ts";

/**
 * The adapter that a whole run of the suite is forced to, or none. Tests that
 * sample this machine pass it on.
 */
export const forced: AdapterName | undefined = (process.env.MEMCTL_TEST_ADAPTER || undefined) as
  | AdapterName
  | undefined;

/** Options that force it. */
export const forcedOptions: SamplerOptions = forced === undefined ? {} : { adapter: forced };
