import { MiB } from "../bytes.ts";
import { CostFilter } from "./cost_filter.ts";

/** A kind of job or request, such as a route. */
export interface Kind {
  readonly key: string;
  readonly index: number;
  /** How many are in flight. */
  inFlight: number;
  /** Whether there was evidence of what one takes. */
  known: boolean;
  /** Whether it was seen to take what matters. Then less does not mean that it takes less. */
  proven: boolean;
  /** How often evidence has changed the estimate little. */
  steady: number;
  /** The longest that one took lately, in milliseconds. */
  duration: number;
  /** How many have started and ended in the window. */
  started: number;
  ended: number;
  /** When one was started last. */
  usedAt: number;
}

/** Most bytes that a job of an unknown kind is taken to need, and the share of what there is. */
const MOST_UNKNOWN = 32 * MiB;
const UNKNOWN_SHARE = 1 / 8;
const LEAST_UNKNOWN_SHARE = 1 / 64;
/** Kinds that are told apart. What comes beyond counts as one. */
const MOST_KINDS = 32;
/** After so many milliseconds without a job, another kind may take the place of one. */
const FORGET = 60_000;
/** Milliseconds of a window: at least, until its jobs may change, and at most. */
const LEAST_WINDOW = 20;
const FILLING = 25;
const MOST_WINDOW = 1_000;
/** The share of a window's jobs that must have ended before it tells anything. */
const ENDED_SHARE = 0.75;
/** What usage varies by although nothing happens: bytes, and a share of the whole. */
const NOISE = 1 * MiB;
const NOISE_SHARE = 1 / 256;
/** How fast the estimate follows memory that may only be reused: milliseconds. */
const PATIENCE = 2_000;
/** What is expected of the jobs in flight counts as so much more. */
const SAFETY = 1.1;
/** How far an estimate follows evidence of more in one window. */
const RAISE = 0.25;
/** The share of what there is that jobs must hold in excess to be corrected at once. */
const MARGIN = 0.01;
/** How fast the baseline follows it: milliseconds. */
const REUSE = 1_000;
/** How fast the least usage ever seen is forgotten: milliseconds. */
const MEMORY = 600_000;
/** Up to this share of what is left, the jobs in flight do not matter. */
const MINOR = 1 / 16;
/** A change of an estimate that counts, and after how many small ones it is steady. */
const CHANGE = 0.25;
const STEADY = 2;

/** Jobs in flight at one moment, and usage since then, until most of them have ended. */
interface Window {
  at: number;
  counts: number[];
  /** Usage without garbage, then and at most. */
  used: number;
  peak: number;
  /** When most was expected: how much, and of which jobs. */
  most: number;
  mostCounts: number[];
  /** How much usage has grown, without what it has fallen by in between. */
  gross: number;
  /** The baseline then. */
  baseline: number;
}

/** Where memory stands, in bytes. */
export interface Standing {
  used: number;
  /** Usage that nothing is admitted above. */
  ceiling: number;
  /** The limit, or else the host's memory. */
  whole: number;
}

/**
 * Learns from samples what jobs take: compares usage with the jobs in flight.
 *
 * The baseline is usage while next to nothing is in flight. From a moment with
 * jobs in flight until most of them have ended is a window. Its peak above the
 * baseline is the most that those jobs have taken; how usage has grown in it,
 * by all jobs that were in flight at any time of it, is the least.
 */
export class LearnedCosts {
  readonly #kinds = new Map<string, Kind>();
  readonly #byIndex: Kind[] = [];
  readonly #filter = new CostFilter();
  #standing: Standing | undefined;
  #baseline = 0;
  #floor = 0;
  #sampledAt = 0;
  #window: Window | undefined;
  #expected = 0;
  /** What jobs that have ended have left at most, since the last collection. */
  #garbage = 0;

  /** Whether there was a sample. */
  get ready(): boolean {
    return this.#standing !== undefined;
  }

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

  /** Bytes of usage above the least ever seen that no job in flight explains. */
  get unexplained(): number {
    if (this.#standing === undefined) return 0;
    return Math.max(0, this.#standing.used - this.#floor - this.#expected);
  }

  /** All kinds that were seen. */
  get kinds(): readonly Kind[] {
    return this.#byIndex;
  }

  /** The kind of this name. */
  kind(key: string, now: number): Kind {
    const known = this.#kinds.get(key);
    if (known !== undefined) return known;
    let index = this.#byIndex.length;
    if (index >= MOST_KINDS) {
      const stale = this.#byIndex.findIndex((kind) =>
        kind.index > 0 && kind.inFlight === 0 && now - kind.usedAt >= FORGET
      );
      // The first place is of all kinds that there is no room for.
      if (stale < 0) return this.#byIndex[0]!;
      index = stale;
      this.#kinds.delete(this.#byIndex[index]!.key);
      this.#window = undefined;
    }
    if (index === 0) {
      this.#byIndex.push(newKind("(others)", 0, now));
      this.#filter.reset(0, 0);
      index = 1;
    }
    const kind = newKind(key, index, now);
    this.#byIndex[index] = kind;
    this.#filter.reset(index, 0);
    this.#kinds.set(key, kind);
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
    return Math.min(MOST_UNKNOWN, Math.max(share, (whole || 0) * LEAST_UNKNOWN_SHARE));
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
    return this.#byIndex.map((kind) => kind.inFlight);
  }

  /** Adds up what is expected of the jobs in flight. */
  #count(): void {
    const { unknown } = this;
    let expected = 0;
    for (const kind of this.#byIndex) {
      if (!kind.known) this.#filter.reset(kind.index, unknown);
      expected += kind.inFlight * this.costOf(kind);
    }
    this.#expected = expected;
  }

  /** Jobs hold more than is expected of them all: they cost more than they did. */
  #correct(held: number): void {
    const { ceiling } = this.#standing!;
    const margin = Math.max(this.#noise, (ceiling - this.#baseline) * MARGIN);
    if (held - margin <= this.#expected || this.#expected === 0) return;
    this.#filter.raise(this.#counts, held - margin);
    this.#count();
  }

  get #noise(): number {
    return Math.max(NOISE, this.#standing!.whole * NOISE_SHARE || 0);
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
    const shown = this.#byIndex.map(({ duration, ended }, i) => {
      const count = window.counts[i] ?? 0;
      const has = ended > 0 && ended >= count * ENDED_SHARE && elapsed >= duration;
      return elapsed >= MOST_WINDOW || has ? count : 0;
    });
    // A kind of which nothing is known gets its own evidence as soon as there is some.
    const due = this.#byIndex.some(({ known }, i) => !known && shown[i]! > 0) ||
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
    for (const kind of this.#byIndex) kind.started = kind.ended = 0;
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
    for (const kind of this.#byIndex) {
      if (!kind.known && shown[kind.index]! > 0) {
        filter.reset(kind.index, this.unknown);
        kind.known = true;
      }
      before.push(filter.costs[kind.index]!);
    }
    const { peak } = window;
    const baseline = Math.min(window.baseline, this.#baseline);
    // Memory that jobs may only have reused is at most what is above the least ever seen.
    const fast = this.#byIndex.map(({ proven }) => proven ? 0 : 1);
    filter.lower(shown, peak - this.#floor + noise, noise, fast);
    const slow = this.#byIndex.map(() => 1 - Math.exp(-elapsed / PATIENCE));
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
    // What jobs have freed again is in use until it is collected.
    const active = this.#byIndex.map(({ started, ended }) => Math.max(started, ended));
    const taken = filter.sum(active);
    filter.raise(active, taken + (window.gross - noise - taken) * RAISE);
    const matters = peak - baseline > (ceiling - baseline) * UNKNOWN_SHARE;
    for (const kind of this.#byIndex) {
      if (shown[kind.index] === 0) continue;
      const change = Math.abs(filter.costs[kind.index]! / before[kind.index]! - 1);
      const share = shown[kind.index]! * filter.costs[kind.index]!;
      if (matters && share > (peak - baseline) / 2) kind.proven = true, kind.steady = STEADY;
      else if (change < CHANGE) kind.steady++;
      else kind.steady = 0;
    }
  }
}

function newKind(key: string, index: number, now: number): Kind {
  return {
    key,
    index,
    inFlight: 0,
    known: false,
    proven: false,
    steady: 0,
    duration: 0,
    started: 0,
    ended: 0,
    usedAt: now,
  };
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}
