// Which adapter fits this place: the only switch.

import process from "node:process";
import { NotSupportedError } from "../src/errors.ts";
import type { Sampler, SamplerOptions } from "../src/sampler.ts";
import { openDarwinSampler } from "./darwin/darwin_sampler.ts";
import { openEngine, thisEngine } from "./engine.ts";
import { nodeFileIo } from "./file_io.ts";
import { openLinuxSampler, openProcessSampler } from "./linux/linux_sampler.ts";
import { RuntimeSampler, thisRuntime } from "./runtime_sampler.ts";

/**
 * Opens the adapter asked for, or the best that works here.
 *
 * @param joint Whether it takes part in joint readings, which serve several samplers.
 */
export function pickSampler(options: SamplerOptions, joint: boolean): Sampler {
  if (options.pid !== undefined) return pickOther(options.pid, options, joint);
  const engine = openEngine(thisEngine);
  switch (options.adapter) {
    case "linux":
      return openLinuxSampler(options, nodeFileIo, engine, joint);
    case "darwin":
      return openDarwinSampler(options, engine);
    case "runtime":
      return new RuntimeSampler(thisRuntime("the runtime adapter was asked for"), options);
  }
  // The figures of this host must not stand in for those of a root that was named.
  if (options.root !== undefined) return openLinuxSampler(options, nodeFileIo, engine, joint);
  let because: string | undefined;
  if (process.platform === "linux" || process.platform === "android") {
    const sampler = openLinuxSampler(options, nodeFileIo, engine, joint);
    because = sampler.problem;
    if (because === undefined) return sampler;
    sampler.close();
  } else if (process.platform === "darwin") {
    const sampler = openDarwinSampler(options, engine);
    because = sampler.problem;
    if (because === undefined) return sampler;
    sampler.close();
  }
  return new RuntimeSampler(thisRuntime(because), options);
}

/** Opens the one adapter that reads other processes. */
function pickOther(pid: number, options: SamplerOptions, joint: boolean): Sampler {
  const hasProcfs = process.platform === "linux" || process.platform === "android";
  // A root that was named may be a recorded tree.
  if (!hasProcfs && options.root === undefined) {
    throw new NotSupportedError(
      `'pid' needs Linux, and this is ${process.platform}: leave it out to sample this process`,
    );
  }
  return openProcessSampler(pid, options, nodeFileIo, joint);
}
