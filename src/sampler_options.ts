// The options of a sampler, checked.

import { checkObject, checkOneOf, checkOptionalBoolean, show } from "./check.ts";
import { readFields } from "./fields.ts";
import type { SamplerOptions } from "./sampler.ts";

const USAGES = ["current", "workingSet"];
const ADAPTERS = ["linux", "darwin", "runtime"];

/**
 * Reads each option of a sampler once, and checks it.
 *
 * @returns A copy, so that later changes to `options` have no effect.
 */
export function readSamplerOptions(options: SamplerOptions): SamplerOptions {
  checkObject("options", options);
  const { usage, adapter, pressure, root, fields } = options;
  checkOneOf("usage", usage, USAGES);
  checkOneOf("adapter", adapter, ADAPTERS);
  checkOptionalBoolean("pressure", pressure);
  if (root !== undefined && typeof root !== "string") {
    throw new TypeError(`'root' must be a path: current value is ${show(root)}`);
  }
  if (root === "") throw new RangeError(`'root' must not be empty: current value is ""`);
  return { usage, adapter, pressure, root, fields: readFields(fields, { usage, pressure }) };
}
