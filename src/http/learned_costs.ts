import { MiB } from "../bytes.ts";
import type { Standing } from "./ceilings.ts";
import { CostFilter } from "./cost_filter.ts";
import { type Kind, Kinds } from "./kinds.ts";

/** A job of an unknown kind counts with this share of the memory that there is. */
const UNKNOWN_SHARE = 1 / 8;
/** Bounds of that: bytes, and a share of the limit. */
const MOST_UNKNOWN = 32 * MiB;
const LEAST_UNKNOWN_SHARE = 1 / 64;
/** Minimum and maximum duration of a window, and how long its jobs may change, in milliseconds. */
const LEAST_WINDOW = 20;
const MOST_WINDOW = 1_000;
const FILLING = 25;
/** A window is evidence when this share of its jobs has ended. */
const ENDED_SHARE = 0.75;
/** Variation of usage that no job causes: bytes, and a share of the limit. */
const NOISE = 1 * MiB;
const NOISE_SHARE = 1 / 256;
/** Time constant of an estimate that falls because memory may only have been reused: milliseconds. */
const PATIENCE = 2_000;
/** Factor on the bytes that are expected of the jobs in flight. */
const SAFETY = 1.1;
/** The share of the evidence of more that an estimate follows in one window. */
const RAISE = 0.25;
/** An excess above this share of the memory that there is corrects the estimates at once. */
const MARGIN = 0.01;
/** Time constant of the baseline: milliseconds. */
const REUSE = 1_000;
/** Time in which the minimum of usage is forgotten: milliseconds. */
const MEMORY = 600_000;
/** Jobs that are expected to take less than this share of the headroom count as none. */
const MINOR = 1 / 16;
/** An estimate is steady after so many consecutive changes below this share. */
const CHANGE = 0.25;
const STEADY = 2;

/** Jobs in flight at one moment, and usage since then, until most of them have ended. */
interface Window {
  at: number;
  counts: number[];
  /** Usage without garbage: at its start, and its maximum. */
  used: number;
  peak: number;
  /** The maximum of the bytes expected, and the jobs of which they were expected. */
  most: number;
  mostCounts: number[];
  /** The sum of all growth of usage. */
  gross: number;
  /** The baseline at its start. */
  baseline: number;
}

/**
 * Learns from samples how many bytes jobs take: compares usage with the jobs in flight.
 *
 * The baseline is usage while next to nothing is in flight. A window lasts from
 * a moment with jobs in flight until most of them have ended. Its peak above the
 * baseline is an upper bound of the bytes that those jobs took. The growth of usage
 * in it is a lower bound for all jobs that were in flight at any time of it.
 */
export class LearnedCosts {
  readonly #kinds = new Kinds();
  readonly #filter = new CostFilter();
  #standing: Standing | undefined;
  #baseline = 0;
  /** The minimum of usage, which is forgotten slowly. */
  #floor = 0;
  #sampledAt = 0;
  #window: Window | undefined;
  #expected = 0;
  /** Maximum garbage of jobs that have ended since the last collection, in bytes. */
  #garbage = 0;

  /** Usage in bytes while nothing is in flight. */
  get baseline(): number {
    return this.#baseline;
  }

  /** Bytes that the jobs in flight are expected to take together. */
  get expected(): number {
    return this.#expected;
  }

  /** Bytes that jobs in flight are expected to take in addition to what samples show. */
  get pending(): number {
    if (this.#standing === undefined) return 0;
    const { used } = this.#standing;
    return Math.max(0, this.#baseline + this.#expected * SAFETY + this.#garbage - used);
  }

  /** Bytes that a garbage collection may free. */
  get garbage(): number {
    return this.#garbage;
  }

  /** Bytes of usage above its minimum that no job in flight explains. */
  get unexplained(): number {
    if (this.#standing === undefined) return 0;
    return Math.max(0, this.#standing.used - this.#floor - this.#expected);
  }

  /** All kinds, by index. */
  get kinds(): readonly Kind[] {
    return this.#kinds.all;
  }

  /** The kind with this key. */
  kind(key: string, now: number): Kind {
    const known = this.#kinds.get(key);
    if (known !== undefined) return known;
    const count = this.kinds.length;
    const kind = this.#kinds.add(key, now);
    if (kind === undefined) return this.#kinds.others;
    this.#filter.reset(kind.index, 0);
    // The window counts jobs by index, and this index was that of another kind.
    if (this.kinds.length === count) this.#window = undefined;
    return kind;
  }

  /** Bytes that one more of this kind counts with. */
  costOf(kind: Kind): number {
    return kind.known ? this.#filter.costs[kind.index]! : this.unknown;
  }

  /** Bytes that a job of an unknown kind counts with. */
  get unknown(): number {
    if (this.#standing === undefined) return 0;
    const { ceiling, whole } = this.#standing;
    const share = (ceiling - this.#floor) * UNKNOWN_SHARE;
    return Math.min(MOST_UNKNOWN, Math.max(share, whole * LEAST_UNKNOWN_SHARE));
  }

  /** Whether the estimate is still expected to change much. */
  isLearning(kind: Kind): boolean {
    return kind.steady < STEADY;
  }

  /** A job of this kind is in flight, and counts with so many bytes until the next sample. */
  start(kind: Kind, bytes: number, now: number): void {
    kind.inFlight++;
    kind.started++;
    kind.usedAt = now;
    this.#expected += bytes;
  }

  /** A job of this kind, which counted with so many bytes, has ended after so many milliseconds. */
  end(kind: Kind, bytes: number, duration: number): void {
    this.#expected = Math.max(0, this.#expected - bytes);
    this.#garbage += bytes;
    kind.inFlight--;
    kind.ended++;
    const took = Math.min(duration, MOST_WINDOW);
    kind.duration = took > kind.duration ? took : kind.duration + (took - kind.duration) * 0.005;
  }

  /** A garbage collection was forced. */
  collected(): void {
    this.#garbage = 0;
  }

  /** Takes a sample into account. */
  sampled(now: number, standing: Standing): void {
    const { used } = standing;
    const isFirst = this.#standing === undefined;
    const change = isFirst ? 0 : used - this.#standing!.used;
    const passed = isFirst ? 0 : Math.max(0, now - this.#sampledAt);
    this.#standing = standing;
    this.#sampledAt = now;
    if (isFirst) this.#baseline = this.#floor = used;
    this.#count();
    const isQuiet = this.#expected <= Math.max(0, standing.ceiling - used) * MINOR;
    const rise = isQuiet ? (used - this.#baseline) * (1 - Math.exp(-passed / REUSE)) : 0;
    this.#baseline = Math.min(this.#baseline + Math.max(0, rise), used);
    this.#garbage = Math.max(
      0,
      Math.min(this.#garbage + Math.min(0, change), used - this.#baseline),
    );
    const drift = Math.min(1, passed / MEMORY) * (this.#baseline - this.#floor);
    this.#floor = Math.min(used, this.#floor + Math.max(0, drift));
    this.#correct(used - this.#garbage - this.#baseline);
    if (this.#window !== undefined) this.#window.gross += Math.max(0, change);
    this.#follow(now, used - this.#garbage);
  }

  get #counts(): number[] {
    return this.kinds.map((kind) => kind.inFlight);
  }

  /** Adds up what is expected of the jobs in flight. */
  #count(): void {
    const { unknown } = this;
    let expected = 0;
    for (const kind of this.kinds) {
      if (!kind.known) this.#filter.reset(kind.index, unknown);
      expected += kind.inFlight * this.costOf(kind);
    }
    this.#expected = expected;
  }

  /** Raises the estimates if the jobs in flight hold more than is expected of them. */
  #correct(held: number): void {
    const { ceiling } = this.#standing!;
    const margin = Math.max(this.#noise, (ceiling - this.#baseline) * MARGIN);
    if (held - margin <= this.#expected || this.#expected === 0) return;
    this.#filter.raise(this.#counts, held - margin);
    this.#count();
  }

  get #noise(): number {
    return Math.max(NOISE, this.#standing!.whole * NOISE_SHARE);
  }

  #follow(now: number, used: number): void {
    const window = this.#window;
    if (window === undefined || now < window.at) return this.#open(now, used);
    window.peak = Math.max(window.peak, used);
    if (this.#expected > window.most) {
      window.most = this.#expected;
      window.mostCounts = this.#counts;
    }
    const elapsed = now - window.at;
    const total = sum(window.counts);
    if (elapsed <= FILLING && sum(this.#counts) > total) return this.#open(now, used, window);
    if (elapsed < LEAST_WINDOW || total === 0) return;
    const shown = this.kinds.map(({ duration, ended }, i) => {
      const count = window.counts[i] ?? 0;
      const has = ended > 0 && ended >= count * ENDED_SHARE && elapsed >= duration;
      return elapsed >= MOST_WINDOW || has ? count : 0;
    });
    // The first evidence about a kind is used at once.
    const due = this.kinds.some(({ known }, i) => !known && shown[i]! > 0) ||
      shown.every((count, i) => count === (window.counts[i] ?? 0));
    if (!due || sum(shown) === 0) return;
    this.#learn(window, shown, elapsed);
    this.#count();
    this.#open(now, used);
  }

  /** @param before The window that this one replaces. */
  #open(now: number, used: number, before?: Window): void {
    const counts = this.#counts;
    if (sum(counts) === 0) {
      this.#window = undefined;
      return;
    }
    for (const kind of this.kinds) kind.started = kind.ended = 0;
    this.#window = {
      at: now,
      counts,
      used: before?.used ?? used,
      peak: Math.max(before?.peak ?? used, used),
      most: this.#expected,
      mostCounts: counts,
      gross: before?.gross ?? 0,
      baseline: before?.baseline ?? this.#baseline,
    };
  }

  #learn(window: Window, shown: number[], elapsed: number): void {
    const { ceiling } = this.#standing!;
    const noise = this.#noise;
    const filter = this.#filter;
    const before: number[] = [];
    for (const kind of this.kinds) {
      if (!kind.known && shown[kind.index]! > 0) {
        filter.reset(kind.index, this.unknown);
        kind.known = true;
      }
      before.push(filter.costs[kind.index]!);
    }
    const { peak } = window;
    const baseline = Math.min(window.baseline, this.#baseline);
    // Jobs cannot have taken more than usage above its minimum, even if they only reused memory.
    const fast = this.kinds.map(({ proven }) => proven ? 0 : 1);
    filter.lower(shown, peak - this.#floor + noise, noise, fast);
    const slow = this.kinds.map(() => 1 - Math.exp(-elapsed / PATIENCE));
    filter.lower(shown, peak - baseline + noise, noise, slow);
    const excess = baseline + filter.sum(shown) - peak - noise;
    if (excess > 0) {
      const step = excess * (1 - Math.exp(-elapsed / REUSE));
      this.#baseline = Math.max(Math.min(this.#baseline, this.#floor), this.#baseline - step);
    }
    // Kinds that are not known yet may explain as much as they count with.
    const most = window.mostCounts;
    const growth = Math.min(peak - window.used, peak - baseline - filter.sum(most)) - noise;
    filter.raise(most, filter.sum(most) + growth);
    // Memory that jobs have freed again counts as used until it is collected.
    const active = this.kinds.map(({ started, ended }) => Math.max(started, ended));
    const taken = filter.sum(active);
    filter.raise(active, taken + (window.gross - noise - taken) * RAISE);
    const matters = peak - baseline > (ceiling - baseline) * UNKNOWN_SHARE;
    for (const kind of this.kinds) {
      if (shown[kind.index] === 0) continue;
      const change = Math.abs(filter.costs[kind.index]! / before[kind.index]! - 1);
      const share = shown[kind.index]! * filter.costs[kind.index]!;
      if (matters && share > (peak - baseline) / 2) kind.proven = true, kind.steady = STEADY;
      else if (change < CHANGE) kind.steady++;
      else kind.steady = 0;
    }
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}
