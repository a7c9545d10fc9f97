// The macOS adapter.

import process from "node:process";
import type { MemInfo } from "../../src/mem_info.ts";
import type { AdapterName, Sampler, Signals } from "../../src/sampler.ts";
import type { Engine } from "../engine.ts";
import { Handle, OpenOnce } from "../open_once.ts";
import { DarwinReader, VM_STAT } from "./darwin_reader.ts";
import { run, runProblem } from "./subprocess.ts";

let reader: OpenOnce<DarwinReader> | undefined;

/** Opens the one reader of this process, or joins its users. */
export function openDarwinSampler(engine: Engine): DarwinSampler {
  reader ??= new OpenOnce(
    new DarwinReader({ run, engine, rss: () => process.memoryUsage().rss }),
    () => {
      reader = undefined;
    },
  );
  return new DarwinSampler(reader);
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
