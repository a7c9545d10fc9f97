import { UsageError } from "./usage_error.ts";

/** A number of the command line, in a range. */
export function numberOf(
  name: string,
  text: string | undefined,
  fallback: number,
  { least, most, whole }: { least: number; most: number; whole: boolean },
): number {
  if (text === undefined) return fallback;
  const value = text.trim() === "" ? NaN : Number(text);
  if (value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  const kind = whole ? "a whole number" : "a number";
  const top = most === Infinity ? " up" : ` to ${most}`;
  throw new UsageError(`--${name} must be ${kind} from ${least}${top}: current value is "${text}"`);
}
