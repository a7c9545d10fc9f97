import { GiB, KiB, MiB } from "../bytes.ts";
import type { Share } from "../size.ts";
import { UsageError } from "./usage_error.ts";

const UNITS: Record<string, number> = { "": 1, K: KiB, M: MiB, G: GiB };
const SIZE = /^(\d+(?:\.\d+)?|\.\d+)(?:([KMG])(?:iB?)?)?$/i;

/** A size of the command line, in bytes: a number with K, M or G, which are binary units. */
export function sizeOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number, unit = ""] = SIZE.exec(text.trim()) ?? [];
  const bytes = Math.floor(Number(number) * UNITS[unit.toUpperCase()]!);
  if (bytes >= 1 && Number.isSafeInteger(bytes)) return bytes;
  throw new UsageError(
    `--${name} must be a size such as 512M or 1.5GiB: current value is "${text}"`,
  );
}

/** The same, or a share such as 10%. */
export function sizeOrShareOf(name: string, text: string | undefined): number | Share | undefined {
  if (text !== undefined && /^(\d+\.?\d*|\.\d+)%$/.test(text)) return text as Share;
  return sizeOf(name, text);
}
