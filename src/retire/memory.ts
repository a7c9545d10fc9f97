import { readActiveFile } from "../host/retire.ts";
import type { MemInfo } from "../mem_info.ts";
import { type OpenSource, openSource, type SourceSettings } from "../sampler_source.ts";
import { adopt } from "../thenable.ts";

/** Samples memory when told to, one sample at a time. */
export class Memory {
  readonly #source: OpenSource;
  readonly #onSample: (info: MemInfo) => void;
  readonly #onError: (error: unknown) => void;
  #pending = false;
  #failing = false;
  #closed = false;

  /** @param onError Called when sampling fails, once until it works again. */
  constructor(
    settings: SourceSettings,
    onSample: (info: MemInfo) => void,
    onError: (error: unknown) => void,
  ) {
    this.#source = openSource(settings);
    this.#onSample = onSample;
    this.#onError = onError;
  }

  /** Takes a sample, unless one is being taken. */
  sample(): void {
    if (this.#pending || this.#closed) return;
    try {
      const info = this.#source.sample();
      const pending = adopt(info);
      if (pending === undefined) return this.#take(info as MemInfo);
      this.#pending = true;
      pending.then((info) => {
        this.#pending = false;
        this.#take(info);
      }, (error) => {
        this.#pending = false;
        this.#fail(error);
      });
    } catch (error) {
      this.#fail(error);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#source.close();
  }

  #take(info: MemInfo): void {
    if (this.#closed) return;
    try {
      this.#onSample(this.#withoutCache(info));
      this.#failing = false;
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#closed || this.#failing) return;
    this.#failing = true;
    this.#onError(error);
  }

  /**
   * The snapshot with active page cache taken out of the working set. The kernel
   * drops it before it kills, so a service that reads files is not short of memory.
   */
  #withoutCache(info: MemInfo): MemInfo {
    const { cgroupWorkingSet: used, cgroupLimit: limit } = info;
    const { isForeign, sampler } = this.#source;
    if (isForeign || used === undefined || limit === undefined || used < limit / 2) return info;
    const { source } = sampler.signals.cgroupCurrent;
    const cache = readActiveFile(source);
    return cache === undefined ? info : info.with({ cgroupWorkingSet: Math.max(0, used - cache) });
  }
}
