// What is sampled: the flags --pid, --root and --limit.

import { NotSupportedError, ProcessError } from "../errors.ts";
import type { SamplerOptions } from "../sampler.ts";
import type { Terminal } from "../terminal.ts";
import type { Flags } from "./flags.ts";
import { numberOf } from "./numbers.ts";
import { statedLimit } from "./stated_limit.ts";
import { UsageError } from "./usage_error.ts";

/** What is sampled. MEMCTL_LIMIT counts where there is no --limit. */
export function placeOf(flags: Flags): Pick<SamplerOptions, "pid" | "root" | "limit"> {
  const { pid, root } = flags;
  const limit = statedLimit(flags)?.bytes;
  if (root === "") throw new UsageError(`--root must not be empty: current value is ""`);
  if (pid === undefined) return { root, limit };
  const range = { least: 1, most: 2 ** 22, whole: true };
  return { root, limit, pid: numberOf("pid", pid, NaN, range) };
}

/**
 * Runs a command and tells why the process cannot be sampled.
 *
 * @param run Its exit code.
 * @returns That exit code; 0 if the process has ended meanwhile, and otherwise 1.
 */
export async function withProcess(terminal: Terminal, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof RangeError && error.message.startsWith("'pid'")) {
      throw new UsageError(error.message.replace("'pid'", "--pid"));
    }
    const known = error instanceof ProcessError || error instanceof NotSupportedError;
    if (!known) throw error;
    terminal.writeError(`memctl: ${error.message.replace("'pid'", "--pid")}\n`);
    return error instanceof ProcessError && error.reason === "ended" ? 0 : 1;
  }
}
