// Which adapter fits this place: the only switch.

import process from "node:process";
import type { Sampler, SamplerOptions } from "../src/sampler.ts";
import { openDarwinSampler } from "./darwin/darwin_sampler.ts";
import { openEngine, thisEngine } from "./engine.ts";
import { nodeFileIo } from "./file_io.ts";
import { openLinuxSampler } from "./linux/linux_sampler.ts";
import { RuntimeSampler, thisRuntime } from "./runtime_sampler.ts";

/**
 * Opens the adapter asked for, or the best that works here.
 *
 * @param share Whether its readings may be those of other samplers that share.
 */
export function pickSampler(options: SamplerOptions, share: boolean): Sampler {
  const engine = openEngine(thisEngine);
  switch (options.adapter) {
    case "linux":
      return openLinuxSampler(options, nodeFileIo, engine, share);
    case "darwin":
      return openDarwinSampler(engine);
    case "runtime":
      return new RuntimeSampler(thisRuntime("the runtime adapter was asked for"));
  }
  // Who names a root wants that one, and nothing of this machine in its place.
  if (options.root !== undefined) return openLinuxSampler(options, nodeFileIo, engine, share);
  let because: string | undefined;
  if (process.platform === "linux" || process.platform === "android") {
    const sampler = openLinuxSampler(options, nodeFileIo, engine, share);
    because = sampler.problem;
    if (because === undefined) return sampler;
    sampler.close();
  } else if (process.platform === "darwin") {
    const sampler = openDarwinSampler(engine);
    because = sampler.problem;
    if (because === undefined) return sampler;
    sampler.close();
  }
  return new RuntimeSampler(thisRuntime(because));
}
