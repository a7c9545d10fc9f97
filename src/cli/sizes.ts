import type { Share } from "../size.ts";
import { bytesOf } from "../size_text.ts";
import { UsageError } from "./usage_error.ts";

/** A size of the command line, in bytes: a number with K, M or G, which are binary units. */
export function sizeOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = bytesOf(text);
  if (bytes !== undefined) return bytes;
  throw new UsageError(
    `--${name} must be a size such as 512M or 1.5GiB: current value is "${text}"`,
  );
}

/** The same, or a share such as 10%. */
export function sizeOrShareOf(name: string, text: string | undefined): number | Share | undefined {
  if (text !== undefined && /^(\d+\.?\d*|\.\d+)%$/.test(text)) return text as Share;
  return sizeOf(name, text);
}
