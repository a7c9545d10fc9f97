import type { CgroupEvents } from "../cgroup_events.ts";
import type { Clock } from "../clock.ts";
import type { MemInfo } from "../mem_info.ts";
import { type OpenSource, openSource, type SourceSettings } from "../sampler_source.ts";
import { isThenable } from "../thenable.ts";
import type { MemorySettings } from "./settings.ts";

/** How long a sample may take, in milliseconds, before it counts as failed. */
const MOST_DURATION = 5_000;

/** Called with each snapshot, and with the first error after a good one. */
export interface SampledMemoryHooks {
  /** @param isCompletion Whether it only adds fields to the snapshot before. */
  onSample(info: MemInfo, isCompletion: boolean): void;
  onError(error: unknown): void;
}

/**
 * The latest snapshot of memory, sampled when it is asked for and too old.
 * While sampling fails there is none: what is not known keeps nobody out.
 */
export class SampledMemory {
  /** Reads every field. */
  readonly #full: OpenSource;
  /** Reads what decides while memory is plentiful. */
  readonly #sparse: OpenSource;
  readonly #maxAge: number;
  readonly #clock: Pick<Clock, "now">;
  readonly #hooks: SampledMemoryHooks;
  #info: MemInfo | undefined;
  #isComplete = true;
  #sampledAt = -Infinity;
  /** Numbers the samples, so that one that comes too late is known. */
  #asked = 0;
  #sampling = false;
  #failure: { error: unknown } | undefined;
  #closed = false;

  constructor(
    settings: MemorySettings,
    clock: Pick<Clock, "now">,
    hooks: SampledMemoryHooks,
  ) {
    this.#full = openSource(settings);
    this.#sparse = settings.sampler === undefined ? openSource(sparse(settings)) : this.#full;
    this.#maxAge = settings.maxAge;
    this.#clock = clock;
    this.#hooks = hooks;
  }

  /** The latest snapshot; `undefined` before the first, while sampling fails, and once closed. */
  get info(): MemInfo | undefined {
    return this.#info;
  }

  /** What the latest sample failed with. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /**
   * Samples if the latest snapshot is too old: only what decides while memory
   * is plentiful.
   *
   * @param enough Bytes of headroom that are plenty.
   */
  refresh(now: number, enough: number): void {
    if (this.#isStale(now)) this.#sample(now, this.#sparse, enough);
  }

  /** Samples every field if the latest snapshot is too old or has not all of them. */
  refreshAll(now: number): void {
    if (this.#isStale(now)) this.sample(now);
    else this.complete(now);
  }

  /** Samples every field, unless the latest snapshot has them; returns whether it sampled. */
  complete(now: number): boolean {
    if (this.#isComplete || this.#closed) return false;
    this.#sample(now, this.#full, Infinity, true);
    return true;
  }

  /** Samples every field, unless a sample is being taken. */
  sample(now: number): void {
    this.#sample(now, this.#full, Infinity);
  }

  #isStale(now: number): boolean {
    const age = now - this.#sampledAt;
    // Less than nothing: the clock was set back.
    return age >= this.#maxAge || age < 0;
  }

  /** @param isCompletion Whether only the fields are wanted that the last one left out. */
  #sample(now: number, source: OpenSource, enough: number, isCompletion = false): void {
    if (this.#closed) return;
    if (this.#sampling) {
      if (now - this.#sampledAt < MOST_DURATION) return;
      this.#fail(new Error(`Cannot sample: the sampler gave no answer in ${MOST_DURATION} ms`));
    }
    this.#sampledAt = now;
    const asked = ++this.#asked;
    try {
      this.#isComplete = source === this.#full;
      const info = source.sample(enough);
      if (!isThenable(info)) return this.#take(info, isCompletion);
      this.#sampling = true;
      const settle = (then: () => void) => {
        if (asked !== this.#asked) return;
        this.#sampling = false;
        then();
      };
      info.then(
        (info) => settle(() => this.#take(info, isCompletion)),
        (error) => settle(() => this.#fail(error)),
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The kernel's event counters, if the sampler has them. */
  get events(): CgroupEvents | undefined {
    return this.#closed ? undefined : this.#full.sampler.cgroupEvents?.();
  }

  close(): void {
    this.#closed = true;
    this.#info = undefined;
    this.#failure = undefined;
    this.#full.close();
    this.#sparse.close();
  }

  #take(info: MemInfo, isCompletion: boolean): void {
    if (this.#closed) return;
    try {
      // A sampler of the user's may give anything.
      info.headroom();
    } catch (error) {
      return this.#fail(error);
    }
    this.#failure = undefined;
    this.#info = info;
    this.#hooks.onSample(info, isCompletion);
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.#sampling = false;
    this.#info = undefined;
    const first = this.#failure === undefined;
    this.#failure = { error: error ?? new Error("Cannot sample: the sampler gave no reason") };
    if (first) this.#hooks.onError(this.#failure.error);
  }
}

/** The settings of a sampler that reads what decides while memory is plentiful. */
function sparse({ sampler, sampling, fields }: MemorySettings): SourceSettings {
  return { sampler, sampling: { ...sampling, fields } };
}
