/** The value that half of them are below. */
export function median(values: number[]): number {
  return quantile(values, 0.5);
}

/** The value that this part of them is at or below. */
export function quantile(values: number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}
