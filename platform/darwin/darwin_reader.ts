// macOS, by the two programs that tell its memory.

import type { MemInfoInit } from "../../src/mem_info.ts";
import type { Signal, Signals } from "../../src/sampler.ts";
import { messageOf } from "../../src/thrown.ts";
import type { Engine } from "../engine.ts";
import { attempt, unavailable } from "../engine.ts";
import type { Run } from "./subprocess.ts";
import { parseVmStat } from "./vm_stat.ts";

/** Where the programs are. Absolute, so that PATH cannot choose others. */
export const VM_STAT = "/usr/bin/vm_stat";
export const SYSCTL = "/usr/sbin/sysctl";

/** What a {@linkcode DarwinReader} needs from the outside. */
export interface DarwinHost {
  run: Run;
  engine: Engine;
  /** Resident set of this process in bytes. */
  rss: () => number;
  vmStat?: string;
  sysctl?: string;
}

/** Runs vm_stat, one at a time: who asks meanwhile shares its reading. */
export class DarwinReader {
  readonly #host: DarwinHost;
  readonly #vmStat: string;
  readonly #sysctl: string;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #available: number | undefined;
  #total: number | undefined;
  #problem: string | undefined = "not sampled yet";
  #totalProblem: string | undefined = "not sampled yet";
  #rssProblem: string | undefined = "not sampled yet";

  constructor(host: DarwinHost) {
    this.#host = host;
    this.#vmStat = host.vmStat ?? VM_STAT;
    this.#sysctl = host.sysctl ?? SYSCTL;
  }

  /** What a snapshot is made from. */
  async sample(): Promise<MemInfoInit> {
    this.#running ??= this.#read().finally(() => {
      this.#running = undefined;
    });
    await this.#running;
    const next: MemInfoInit = {
      at: Date.now(),
      systemAvailable: this.#available,
      systemTotal: this.#total,
    };
    this.#host.engine.read(next);
    next.processRss = attempt(this.#host.rss);
    this.#rssProblem = next.processRss === undefined ? "process.memoryUsage() failed" : undefined;
    return next;
  }

  /** Explains the last sample and reads nothing. */
  get signals(): Signals {
    const from = (source: string, problem: string | undefined): Signal =>
      problem === undefined ? { available: true, source } : unavailable(source, problem);
    const noCgroup = unavailable("cgroup", "macOS has no cgroups");
    return {
      systemAvailable: from(this.#vmStat, this.#problem),
      systemTotal: from(`${this.#sysctl} -n hw.memsize`, this.#totalProblem),
      processRss: from("process.memoryUsage()", this.#rssProblem),
      ...this.#host.engine.signals,
      cgroupCurrent: noCgroup,
      cgroupLimit: noCgroup,
      cgroupWorkingSet: noCgroup,
      pressure: unavailable("/proc/pressure/memory", "macOS has no pressure stall information"),
      pressureEvents: noCgroup,
    };
  }

  /** Ends a program that still runs. */
  close(): void {
    this.#stop.abort();
  }

  async #read(): Promise<void> {
    this.#total ??= await this.#readTotal();
    try {
      const text = await this.#host.run(this.#vmStat, [], this.#stop.signal);
      const available = parseVmStat(text);
      this.#problem = available === undefined
        ? `${this.#vmStat} printed something else than page counts`
        : undefined;
      this.#available = available;
    } catch (error) {
      this.#available = undefined;
      this.#problem = messageOf(error);
    }
    if (this.#total !== undefined && this.#available !== undefined) {
      this.#available = Math.min(this.#available, this.#total);
    }
  }

  async #readTotal(): Promise<number | undefined> {
    try {
      const text = await this.#host.run(this.#sysctl, ["-n", "hw.memsize"], this.#stop.signal);
      const total = /^\d{1,15}$/.test(text.trim()) ? Number(text) : undefined;
      this.#totalProblem = total === undefined
        ? `${this.#sysctl} printed something else than a size`
        : undefined;
      return total;
    } catch (error) {
      this.#totalProblem = messageOf(error);
      return undefined;
    }
  }
}
