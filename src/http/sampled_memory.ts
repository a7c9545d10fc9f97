import type { Clock } from "../clock.ts";
import { openSampler } from "../host.ts";
import type { MemInfo } from "../mem_info.ts";
import type { Sampler } from "../sampler.ts";
import { isThenable } from "../thenable.ts";
import type { RequestLike, ShedOptions } from "./options.ts";

const DEFAULT_MAX_AGE = 10;

/** The latest snapshot of memory, sampled when it is asked for and too old. */
export class SampledMemory {
  readonly #sampler: Sampler;
  /** Whether the sampler is closed with it. */
  readonly #own: boolean;
  readonly #clock: Pick<Clock, "now">;
  readonly #maxAge: number;
  /** Called with each snapshot. */
  readonly #onSample: (info: MemInfo) => void;
  #info: MemInfo | undefined;
  #sampledAt = -Infinity;
  #sampling = false;
  #failure: { reason: unknown } | undefined;
  #closed = false;

  constructor(
    options: ShedOptions<RequestLike & never>,
    clock: Pick<Clock, "now">,
    onSample: (info: MemInfo) => void,
  ) {
    this.#sampler = options.sampler ??
      openSampler({ ...options, usage: options.usage ?? "workingSet" });
    this.#own = options.sampler === undefined;
    this.#clock = clock;
    this.#maxAge = options.maxAge ?? DEFAULT_MAX_AGE;
    this.#onSample = onSample;
  }

  /** The latest snapshot; `undefined` before the first. */
  get info(): MemInfo | undefined {
    return this.#info;
  }

  /** Samples if the latest snapshot is too old; gives `undefined` once closed. */
  refresh(): MemInfo | undefined {
    if (this.#failure !== undefined) {
      const { reason } = this.#failure;
      this.#failure = undefined;
      throw reason;
    }
    if (this.#closed) return undefined;
    if (this.#clock.now() - this.#sampledAt >= this.#maxAge) this.sample();
    return this.#info;
  }

  /** Samples, unless a sample is being taken. */
  sample(): void {
    if (this.#sampling) return;
    const now = this.#clock.now();
    const info = this.#sampler.sample();
    if (!isThenable(info)) return this.#take(info, now);
    this.#sampling = true;
    info.then((info) => {
      this.#sampling = false;
      this.#take(info, now);
    }, (reason) => {
      this.#sampling = false;
      this.#failure = { reason };
    });
  }

  close(): void {
    this.#closed = true;
    if (this.#own) this.#sampler.close();
  }

  #take(info: MemInfo, now: number): void {
    this.#info = info;
    this.#sampledAt = now;
    if (!this.#closed) this.#onSample(info);
  }
}
