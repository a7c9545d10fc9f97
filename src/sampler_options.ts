// The options of a sampler, checked.

import { checkNumber, checkObject, checkOneOf, checkOptionalBoolean, show } from "./check.ts";
import { readFields } from "./fields.ts";
import type { SamplerOptions } from "./sampler.ts";

const USAGES = ["current", "workingSet"];
/** The kernel gives no larger ones. */
const MAX_PID = 2 ** 22;
const ADAPTERS = ["linux", "darwin", "runtime"];

/**
 * Reads each option of a sampler once, and checks it.
 *
 * @param hasLimit Whether `limit` is the sampler's. In the options of some
 * watchdogs it is of something else, and is not read here.
 * @returns A copy, so that later changes to `options` have no effect.
 */
export function readSamplerOptions(options: SamplerOptions, hasLimit = true): SamplerOptions {
  checkObject("options", options);
  const { usage, adapter, pressure, root, fields } = options;
  const { pid } = options;
  const limit = hasLimit ? options.limit : undefined;
  checkOneOf("usage", usage, USAGES);
  checkOneOf("adapter", adapter, ADAPTERS);
  checkOptionalBoolean("pressure", pressure);
  if (root !== undefined && typeof root !== "string") {
    throw new TypeError(`'root' must be a path: current value is ${show(root)}`);
  }
  if (root === "") throw new RangeError(`'root' must not be empty: current value is ""`);
  if (limit !== undefined) checkLimit(limit);
  if (pid !== undefined) checkPid(pid, adapter);
  const own = readFields(fields, { usage, pressure });
  return { usage, adapter, pressure, root, limit, pid, fields: own };
}

function checkPid(pid: unknown, adapter: SamplerOptions["adapter"]): void {
  checkNumber(
    "pid",
    pid,
    "the number of a process",
    `a whole number from 1 to ${MAX_PID}`,
    (pid) => Number.isInteger(pid) && pid >= 1 && pid <= MAX_PID,
  );
  if (adapter === undefined || adapter === "linux") return;
  throw new TypeError(
    `'pid' needs the adapter "linux": current value of 'adapter' is ${show(adapter)}`,
  );
}

function checkLimit(limit: unknown): void {
  const kind = "a number of bytes, such as 512 * MiB";
  checkNumber(
    "limit",
    limit,
    kind,
    "at least 1 byte and finite",
    (limit) => limit >= 1 && limit < Infinity,
  );
}
