import { openSampler } from "../host/sampling.ts";
import { type LimitHere, limitOf } from "../limit_of.ts";
import { type Plan, plan } from "./plan.ts";
import type { PlanOptions } from "./options.ts";

/**
 * Computes a plan for the effective memory limit of this process: the lowest
 * of memory.max and memory.high on cgroup v2, or of the limits on cgroup v1.
 *
 * ```ts
 * import { planHere } from "@x/memctl/plan";
 *
 * const here = await planHere({ workers: "fit", workerBytes: 64 * 1024 * 1024 });
 * console.log(here?.runtimes.node?.workers ?? "there is no limit");
 * ```
 *
 * @param options As for `plan()`.
 * @returns The plan, or `undefined` if there is no limit.
 * @throws {Error} If the limit cannot be read.
 * @throws {RangeError} As `plan()` does.
 * @throws {TypeError} As `plan()` does.
 * @since 0.1.0
 */
export async function planHere(options: PlanOptions = {}): Promise<Plan | undefined> {
  const { bytes, problem } = await limitHere();
  if (problem !== undefined) throw new Error(`Cannot plan: ${problem}`);
  return bytes === Infinity ? undefined : plan(bytes, options);
}

/** The effective limit of this process. */
export async function limitHere(): Promise<LimitHere> {
  const sampler = openSampler();
  try {
    const info = await sampler.sample();
    return limitOf(info, sampler.signals);
  } finally {
    sampler.close();
  }
}
