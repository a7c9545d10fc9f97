// The kernel's event counters of one cgroup: memory.events of version 2,
// memory.failcnt and memory.oom_control of version 1.

import type { CgroupEvents } from "../../src/cgroup_events.ts";
import { KernelFile, type Parse } from "../kernel_file.ts";
import type { OpenFiles } from "../open_files.ts";
import { parseStat, parseUsage } from "./cgroup_files.ts";
import { key } from "./digits.ts";

/** The files of one cgroup that hold its counters, open until `close()`. */
export interface EventFiles {
  /** Reads the counters; `undefined` if none can be read. */
  read(): CgroupEvents | undefined;
  /** Whether a file was there and is not any more. */
  readonly gone: boolean;
  close(): void;
}

/** Opens the files of a cgroup. */
export function openEventFiles(version: 1 | 2, folder: string, files: OpenFiles): EventFiles {
  return version === 1 ? new EventFilesV1(folder, files) : new EventFilesV2(folder, files);
}

const HIGH = key("high");
const MAX = key("max");
const OOM = key("oom");
const OOM_KILL = key("oom_kill");

class EventFilesV2 implements EventFiles {
  readonly #folder: string;
  readonly #events: KernelFile;
  readonly #parse: Parse<CgroupEvents | undefined> = (data, length) => {
    const high = parseStat(data, length, HIGH);
    const max = parseStat(data, length, MAX);
    const oom = parseStat(data, length, OOM);
    const oomKill = parseStat(data, length, OOM_KILL);
    return eventsOf(this.#folder, high, max, oom, oomKill);
  };

  constructor(folder: string, files: OpenFiles) {
    this.#folder = folder;
    this.#events = new KernelFile(`${folder}/memory.events`, files);
  }

  read(): CgroupEvents | undefined {
    return this.#events.read(this.#parse);
  }

  get gone(): boolean {
    return this.#events.gone;
  }

  close(): void {
    this.#events.close();
  }
}

const parseOomKill: Parse<number | undefined> = (data, length) => parseStat(data, length, OOM_KILL);

class EventFilesV1 implements EventFiles {
  readonly #folder: string;
  readonly #failcnt: KernelFile;
  readonly #oomControl: KernelFile;

  constructor(folder: string, files: OpenFiles) {
    this.#folder = folder;
    this.#failcnt = new KernelFile(`${folder}/memory.failcnt`, files);
    this.#oomControl = new KernelFile(`${folder}/memory.oom_control`, files);
  }

  read(): CgroupEvents | undefined {
    const max = this.#failcnt.read(parseUsage);
    const oomKill = this.#oomControl.read(parseOomKill);
    return eventsOf(this.#folder, undefined, max, undefined, oomKill);
  }

  get gone(): boolean {
    return this.#failcnt.gone || this.#oomControl.gone;
  }

  close(): void {
    this.#failcnt.close();
    this.#oomControl.close();
  }
}

function eventsOf(
  folder: string,
  high: number | undefined,
  max: number | undefined,
  oom: number | undefined,
  oomKill: number | undefined,
): CgroupEvents | undefined {
  const known = high ?? max ?? oom ?? oomKill;
  return known === undefined ? undefined : { folder, high, max, oom, oomKill };
}
