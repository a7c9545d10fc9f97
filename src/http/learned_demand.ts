import type { Hooks } from "./hooks.ts";
import type { Standing } from "./ceilings.ts";
import type { Kind } from "./kinds.ts";
import { LearnedCosts } from "./learned_costs.ts";
import type { RequestLike } from "./options.ts";
import { lengthOf, Routes } from "./routes.ts";
import type { LearningSettings } from "./settings.ts";

/**
 * The estimate of a shedder about the requests of one kind.
 *
 * @since 0.1.0
 */
export interface KindEstimate {
  /** The key that `key` returned, or method, route and size class of the body. */
  readonly key: string;
  /** Bytes that one request of this kind counts with. */
  readonly bytes: number;
  /** Requests of this kind in flight. */
  readonly inFlight: number;
  /** Whether `bytes` is learned; otherwise it is the assumption about unknown kinds. */
  readonly known: boolean;
}

/**
 * The estimate of a shedder about the memory of requests. All sizes are bytes.
 *
 * @since 0.1.0
 */
export interface Estimate {
  /** Usage while next to nothing is in flight. */
  readonly baseline: number;
  /** Bytes that the requests in flight are expected to take together. */
  readonly expected: number;
  /** Usage above its minimum that no request in flight explains. */
  readonly unexplained: number;
  /** The cause of a shortage of memory; `undefined`: memory is not short. */
  readonly cause: "requests" | "other" | undefined;
  /** The kinds of requests, the most expensive first. */
  readonly kinds: readonly KindEstimate[];
}

/** The memory that a request needs. */
export interface Need {
  /** Bytes that the request counts with. */
  readonly bytes: number;
  readonly kind: Kind;
  /** When that was decided. */
  readonly at: number;
}

/** Learns from samples how much memory requests need. */
export class LearnedDemand<R extends RequestLike> {
  readonly #costs = new LearnedCosts();
  readonly #keyOf: (request: R, length: number) => string;
  readonly #hooks: Hooks;
  readonly #lenient: boolean;
  readonly #onUnexplained: LearningSettings<R>["onUnexplained"];
  #standing: Standing | undefined;
  #reported = false;

  constructor({ key, lenient, onUnexplained }: LearningSettings<R>, hooks: Hooks) {
    const routes = new Routes();
    this.#keyOf = key ?? ((request, length) => routes.nameOf(request, length));
    this.#lenient = lenient;
    this.#onUnexplained = onUnexplained;
    this.#hooks = hooks;
  }

  /** The memory that one more request needs. */
  of(request: R, now: number): Need {
    const length = lengthOf(request);
    const kind = this.#costs.kind(this.#keyOf(request, length), now);
    const bytes = this.#costs.costOf(kind);
    return { kind, bytes: kind.known ? bytes : Math.max(bytes, length), at: now };
  }

  /** Bytes that requests in flight will take in addition to what samples show. */
  get pending(): number {
    return this.#costs.pending;
  }

  /** Whether a request of this kind should wait until more is known of it. */
  isLearning(kind: Kind): boolean {
    return this.#costs.isLearning(kind);
  }

  /** Whether a request is admitted although memory is short, because memory is not short by it. */
  admits({ bytes, kind }: Need): boolean {
    return this.#lenient && kind.known && this.#fits(bytes);
  }

  /** Whether requests of any known kind are admitted although memory is short. */
  get admitsMinor(): boolean {
    return this.#lenient &&
      this.#costs.kinds.some((kind) => kind.known && this.#fits(this.#costs.costOf(kind)));
  }

  /** A request is admitted. */
  start({ kind, bytes, at }: Need): void {
    this.#costs.start(kind, bytes, at);
  }

  /** That request is answered, or its lease has expired. */
  end({ kind, bytes, at }: Need, now: number): void {
    this.#costs.end(kind, bytes, Math.max(0, now - at));
  }

  /** Takes a sample into account; `undefined`: nothing is known of memory. */
  sampled(now: number, standing: Standing | undefined): void {
    this.#standing = standing;
    if (standing === undefined) return;
    this.#costs.sampled(now, standing);
    if (standing.used <= standing.ceiling) this.#reported = false;
  }

  /**
   * Whether a garbage collection may admit this request: memory is short, or
   * the garbage of requests that have ended takes its place.
   */
  mayCollect({ bytes }: Need): boolean {
    if (this.#standing === undefined) return true;
    const { used, ceiling } = this.#standing;
    return used + bytes > ceiling || this.#costs.garbage >= bytes;
  }

  /** A garbage collection was forced: usage falls for another reason than requests. */
  collected(): void {
    this.#costs.collected();
  }

  /** Reports once that memory is short after a garbage collection, and not because of requests. */
  judge(): void {
    if (this.#reported || this.#cause !== "other") return;
    this.#reported = true;
    const { unexplained } = this.#costs;
    this.#hooks.call(() => this.#onUnexplained?.(unexplained));
  }

  get estimate(): Estimate {
    const costs = this.#costs;
    return {
      baseline: costs.baseline,
      expected: costs.expected,
      unexplained: costs.unexplained,
      cause: this.#cause,
      kinds: costs.kinds.filter(({ index, usedAt }) => index > 0 || usedAt > -Infinity).map((
        kind,
      ) => ({
        key: kind.key,
        bytes: costs.costOf(kind),
        inFlight: kind.inFlight,
        known: kind.known,
      })).sort((a, b) => b.bytes - a.bytes),
    };
  }

  get #cause(): Estimate["cause"] {
    if (this.#standing === undefined || this.#standing.used <= this.#standing.ceiling) {
      return undefined;
    }
    return this.#costs.unexplained > this.#costs.expected ? "other" : "requests";
  }

  #fits(bytes: number): boolean {
    if (this.#standing === undefined) return false;
    // Together they fit into what is left, so they are not what memory is short by.
    return this.#costs.expected + bytes <= this.#standing.whole - this.#standing.used;
  }
}
