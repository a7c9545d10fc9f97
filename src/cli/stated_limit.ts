// The limit that the user states.

import { surroundings } from "../host/surroundings.ts";
import { bytesOf } from "../size_text.ts";
import type { Flags } from "./flags.ts";
import { sizeOf } from "./sizes.ts";
import { UsageError } from "./usage_error.ts";

const VARIABLE = "MEMCTL_LIMIT";

/** A limit in bytes, and where it was stated. */
export interface StatedLimit {
  readonly bytes: number;
  readonly source: string;
}

/** The limit of --limit, or else of MEMCTL_LIMIT. Deno does not prompt for the variable. */
export function statedLimit({ limit }: Flags): StatedLimit | undefined {
  const flag = sizeOf("limit", limit);
  if (flag !== undefined) return { bytes: flag, source: "--limit" };
  const text = surroundings.variable(VARIABLE);
  if (text === undefined || text === "") return undefined;
  const bytes = bytesOf(text);
  if (bytes !== undefined) return { bytes, source: VARIABLE };
  throw new UsageError(
    `${VARIABLE} must be a size such as 512M or 1.5GiB: current value is "${text}"`,
  );
}
