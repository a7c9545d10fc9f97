// The macOS adapter.

import process from "node:process";
import type { MemInfo } from "../../src/mem_info.ts";
import type { AdapterName, Sampler, Signals } from "../../src/sampler.ts";
import type { Engine } from "../engine.ts";
import { Handle, Shared } from "../shared.ts";
import { DarwinReader, VM_STAT } from "./darwin_reader.ts";
import { run, runProblem } from "./subprocess.ts";

let shared: Shared<DarwinReader> | undefined;

/** Opens the one reader of this process, or joins those who use it. */
export function openDarwinSampler(engine: Engine): DarwinSampler {
  shared ??= new Shared(
    new DarwinReader({ run, engine, rss: () => process.memoryUsage().rss }),
    () => {
      shared = undefined;
    },
  );
  return new DarwinSampler(shared);
}

/** One user of a {@linkcode DarwinReader}. */
export class DarwinSampler extends Handle<DarwinReader> implements Sampler {
  readonly adapter: AdapterName = "darwin";

  get signals(): Signals {
    return this.open.signals;
  }

  /** `undefined`, or why nothing at all can be read. */
  get problem(): string | undefined {
    return runProblem(VM_STAT);
  }

  async sample(): Promise<MemInfo> {
    return await this.open.sample();
  }
}
