/** How many there are of each kind, by its index. */
export type Counts = readonly number[];

/** A change of an estimate below this share is none. */
const LEAST_SHARE = 0.5;
/** How much a cost may have changed since the last evidence, as a share of it. */
const DRIFT = 0.05;

/**
 * What one job of each kind takes, by evidence of many at once: a Kalman filter
 * whose measurements are bounds. Its covariances tell which kinds are known, so
 * evidence changes the estimates of the others.
 */
export class CostFilter {
  /** Bytes, by index. */
  readonly costs: number[] = [];
  readonly #covariance: number[][] = [];

  /** Starts a kind, or starts it again, with the most that one may take. */
  reset(index: number, bytes: number): void {
    while (this.costs.length <= index) {
      this.#covariance.push([]);
      this.costs.push(0);
    }
    this.costs[index] = bytes;
    for (let i = 0; i < this.costs.length; i++) {
      this.#covariance[i]![index] = this.#covariance[index]![i] = 0;
    }
    this.#covariance[index]![index] = bytes ** 2;
  }

  /** Bytes of all of these. */
  sum(counts: Counts): number {
    let bytes = 0;
    for (let i = 0; i < counts.length; i++) bytes += counts[i]! * this.costs[i]!;
    return bytes;
  }

  /**
   * These took at most so many bytes together.
   *
   * @param noise How wrong that may be, in bytes.
   * @param shares How far each cost may follow it: 1 is all the way.
   */
  lower(counts: Counts, most: number, noise: number, shares: Counts): void {
    const sum = this.sum(counts);
    if (sum <= most) return;
    const { costs } = this;
    const covariance = this.#covariance;
    const spread = counts.map((count, i) =>
      count === 0 ? 0 : covariance[i]![i]! + (DRIFT * costs[i]!) ** 2
    );
    for (let i = 0; i < counts.length; i++) if (spread[i]! > 0) covariance[i]![i] = spread[i]!;
    // The covariance of each cost with the sum.
    const along = costs.map((_, i) => this.#times(i, counts));
    const total = along.reduce((bytes, value, i) => bytes + value * (counts[i] ?? 0), 0);
    const error = most - sum;
    for (let i = 0; i < counts.length; i++) {
      if (counts[i] === 0) continue;
      const step = Math.min(0, along[i]! / (total + noise ** 2) * error);
      // One kind may have taken it all: no estimate falls much faster than all together.
      const least = costs[i]! * (1 + error / sum) * LEAST_SHARE;
      costs[i]! += shares[i]! * (Math.max(costs[i]! + step, least) - costs[i]!);
    }
    for (let i = 0; i < along.length; i++) {
      for (let j = 0; j < along.length; j++) {
        covariance[i]![j] = covariance[i]![j]! -
          Math.min(shares[i]!, shares[j]!) * along[i]! * along[j]! / (total + noise ** 2);
      }
    }
  }

  /** These took at least so many bytes together; the expensive ones most of that. */
  raise(counts: Counts, least: number): void {
    const missing = least - this.sum(counts);
    if (!(missing > 0)) return;
    const weights = this.costs.map((bytes) => bytes ** 2 + 1);
    const total = counts.reduce((sum, count, i) => sum + count ** 2 * weights[i]!, 0);
    if (total === 0) return;
    for (let i = 0; i < counts.length; i++) {
      this.costs[i]! += missing * weights[i]! * counts[i]! / total;
    }
  }

  #times(row: number, counts: Counts): number {
    let sum = 0;
    for (let i = 0; i < counts.length; i++) sum += this.#covariance[row]![i]! * counts[i]!;
    return sum;
  }
}
