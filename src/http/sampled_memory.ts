import type { Clock } from "../clock.ts";
import type { MemInfo } from "../mem_info.ts";
import { type OpenSource, openSource } from "../sampler_source.ts";
import { isThenable } from "../thenable.ts";
import type { MemorySettings } from "./settings.ts";

/** How long a sample may take, in milliseconds, before it counts as failed. */
const MOST_DURATION = 5_000;

/** Called with each snapshot, and with the first error after a good one. */
export interface SampledMemoryHooks {
  onSample(info: MemInfo): void;
  onError(error: unknown): void;
}

/**
 * The latest snapshot of memory, sampled when it is asked for and too old.
 * While sampling fails there is none: what is not known keeps nobody out.
 */
export class SampledMemory {
  readonly #source: OpenSource;
  readonly #maxAge: number;
  readonly #clock: Pick<Clock, "now">;
  readonly #hooks: SampledMemoryHooks;
  #info: MemInfo | undefined;
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
    this.#source = openSource(settings);
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

  /** Samples if the latest snapshot is too old. */
  refresh(now: number): MemInfo | undefined {
    const age = now - this.#sampledAt;
    // Less than nothing: the clock was set back.
    if (age >= this.#maxAge || age < 0) this.sample(now);
    return this.#info;
  }

  /** Samples, unless a sample is being taken. */
  sample(now: number): void {
    if (this.#closed) return;
    if (this.#sampling) {
      if (now - this.#sampledAt < MOST_DURATION) return;
      this.#fail(new Error(`Cannot sample: the sampler gave no answer in ${MOST_DURATION} ms`));
    }
    this.#sampledAt = now;
    const asked = ++this.#asked;
    try {
      const info = this.#source.sampler.sample();
      if (!isThenable(info)) return this.#take(info);
      this.#sampling = true;
      const settle = (then: () => void) => {
        if (asked !== this.#asked) return;
        this.#sampling = false;
        then();
      };
      info.then(
        (info) => settle(() => this.#take(info)),
        (error) => settle(() => this.#fail(error)),
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  close(): void {
    this.#closed = true;
    this.#info = undefined;
    this.#failure = undefined;
    this.#source.close();
  }

  #take(info: MemInfo): void {
    if (this.#closed) return;
    try {
      // A sampler of the user's may give anything.
      info.headroom();
    } catch (error) {
      return this.#fail(error);
    }
    this.#failure = undefined;
    this.#info = info;
    this.#hooks.onSample(info);
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
