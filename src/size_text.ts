import { GiB, KiB, MiB } from "./bytes.ts";

const UNITS: Record<string, number> = { "": 1, K: KiB, M: MiB, G: GiB };
const SIZE = /^(\d+(?:\.\d+)?|\.\d+)(?:([KMG])(?:iB?)?)?$/i;

/**
 * A size in words, such as `512M` or `1.5GiB`, in whole bytes. Units are
 * binary. `undefined`: the text is malformed, or less than one byte.
 */
export function bytesOf(text: string): number | undefined {
  const [, number, unit = ""] = SIZE.exec(text.trim()) ?? [];
  const bytes = Math.floor(Number(number) * UNITS[unit.toUpperCase()]!);
  return bytes >= 1 && Number.isSafeInteger(bytes) ? bytes : undefined;
}
