import { MemInfo, SIGNAL_NAMES } from "../../src/mem_info.ts";
import type { Sampler, Signal, Signals } from "../../src/sampler.ts";

/** A sampler that numbers its snapshots by `processRss`: 1, 2, 3 … */
export class ScriptedSampler implements Sampler {
  taken = 0;
  closed = 0;
  /** What `sample()` does instead, once. */
  next: ((info: MemInfo) => MemInfo | Promise<MemInfo>) | undefined;

  /** Who listens for the kernel's notice. */
  readonly wakes: Set<() => void> = new Set();

  onPressure(wake: () => void): () => void {
    this.wakes.add(wake);
    return () => void this.wakes.delete(wake);
  }

  /** The kernel gives notice. */
  press(): void {
    for (const wake of this.wakes) wake();
  }

  sample(): MemInfo | Promise<MemInfo> {
    const info = new MemInfo({ at: 0, processRss: ++this.taken });
    const { next } = this;
    this.next = undefined;
    return next === undefined ? info : next(info);
  }

  get signals(): Signals {
    const signal: Signal = { available: true, source: "script" };
    return Object.fromEntries(
      [...SIGNAL_NAMES, "pressureEvents"].map((name) => [name, signal]),
    ) as Signals;
  }

  close(): void {
    this.closed++;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
