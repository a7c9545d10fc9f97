// The macOS adapter.

import process from "node:process";
import { type Wanted, wantedOf } from "../../src/fields.ts";
import { MemInfo } from "../../src/mem_info.ts";
import type { AdapterName, Sampler, SamplerOptions, Signals } from "../../src/sampler.ts";
import { keepAsked, onlyAsked } from "../asked_signals.ts";
import type { Engine } from "../engine.ts";
import { Handle, OpenOnce } from "../open_once.ts";
import { explainStated, type Stated, takeStated } from "../stated_limit.ts";
import { DarwinReader, VM_STAT } from "./darwin_reader.ts";
import { run, runProblem } from "./subprocess.ts";

let reader: OpenOnce<DarwinReader> | undefined;

/** Opens the one reader of this process, or joins its users. */
export function openDarwinSampler(options: SamplerOptions, engine: Engine): DarwinSampler {
  reader ??= new OpenOnce(
    new DarwinReader({ run, engine, rss: () => process.memoryUsage().rss }),
    () => {
      reader = undefined;
    },
  );
  return new DarwinSampler(reader, wantedOf(options));
}

/** One user of a {@linkcode DarwinReader}. */
export class DarwinSampler extends Handle<DarwinReader> implements Sampler {
  readonly adapter: AdapterName = "darwin";
  readonly #wanted: Wanted;
  /** The last snapshot, which `signals` explains. */
  #last: MemInfo = new MemInfo({ at: 0 });
  /** What became of the limit that the user stated. */
  #stated: Stated;

  constructor(reader: OpenOnce<DarwinReader>, wanted: Wanted) {
    super(reader);
    this.#wanted = wanted;
  }

  get signals(): Signals {
    const { limit } = this.#wanted;
    const signals = explainStated(this.open.signals, limit, this.#stated, this.#last);
    return onlyAsked(signals, this.#wanted, this.#last);
  }

  /** `undefined`, or why nothing at all can be read. */
  get problem(): string | undefined {
    return runProblem(VM_STAT);
  }

  async sample(): Promise<MemInfo> {
    const next = await this.open.sample();
    this.#stated = takeStated(next, this.#wanted.limit);
    keepAsked(next, this.#wanted);
    return this.#last = new MemInfo(next);
  }
}
