import type { MemInfo } from "../../mod.ts";
import { ScenarioSampler } from "../../testing.ts";

/** A scenario without time, whose snapshots are numbered by `processRss`: 1, 2, 3 … */
export class ScriptedSampler extends ScenarioSampler {
  /** What `sample()` does instead, once. */
  next: ((info: MemInfo) => MemInfo | Promise<MemInfo>) | undefined;

  constructor() {
    super({ now: () => 0 }, () => ({}));
  }

  /** How many snapshots were taken. */
  get taken(): number {
    return this.samples;
  }

  override sample(): MemInfo {
    const info = super.sample().with({ processRss: this.samples });
    const { next } = this;
    this.next = undefined;
    // A promise too: whoever takes a Sampler must expect it.
    return next === undefined ? info : next(info) as MemInfo;
  }
}
