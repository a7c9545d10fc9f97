// The adapter for everywhere else: what the JavaScript runtime reports.

import os from "node:os";
import process from "node:process";
import { MemInfo, type MemInfoInit } from "../src/mem_info.ts";
import { type Wanted, wantedOf } from "../src/fields.ts";
import type { AdapterName, Sampler, SamplerOptions, Signal, Signals } from "../src/sampler.ts";
import { keepAsked, onlyAsked } from "./asked_signals.ts";
import { isPermitted } from "./deno.ts";
import {
  attempt,
  type Engine,
  type MemoryUsage,
  openEngine,
  thisEngine,
  unavailable,
} from "./engine.ts";
import { explainStated, type Stated, takeStated } from "./stated_limit.ts";

/** Host memory, in bytes. */
interface SystemFigures {
  total: number;
  available?: number | undefined;
}

/** The calls that a runtime may offer; a test leaves some out. */
export interface RuntimeHost {
  engine: Engine;
  memoryUsage?: (() => Pick<MemoryUsage, "rss">) | undefined;
  system?: { source: string; read: () => SystemFigures } | undefined;
  /** The cgroup's limit as the runtime sees it, in bytes. */
  constrainedMemory?: (() => number) | undefined;
  /** Why a figure of the system is not among them. */
  systemReason: string;
  /** Why a figure of the cgroup is not among them. */
  cgroupReason: string;
}

/** Version 1 writes "no limit" as a number near 2^63. */
const NO_LIMIT = 2 ** 62;

interface DenoGlobal {
  systemMemoryInfo(): { total: number; available: number };
}

/**
 * What this runtime offers without a prompt.
 *
 * @param because Why a better adapter is not used; `undefined`: there is none.
 */
export function thisRuntime(because: string | undefined): RuntimeHost {
  const reason = because ?? `no source on ${process.platform}`;
  const host: RuntimeHost = {
    engine: openEngine(thisEngine),
    memoryUsage: process.memoryUsage,
    systemReason: reason,
    cgroupReason: reason,
  };
  const deno = (globalThis as { Deno?: DenoGlobal }).Deno;
  if (deno !== undefined) {
    if (!isPermitted({ name: "sys", kind: "systemMemoryInfo" })) {
      host.systemReason = `${reason}; --allow-sys=systemMemoryInfo would do for this one`;
      host.cgroupReason = `${reason}; --allow-sys=systemMemoryInfo would give an estimate`;
      return host;
    }
    host.system = { source: "Deno.systemMemoryInfo()", read: () => deno.systemMemoryInfo() };
  } else {
    host.system = nodeSystem();
  }
  if (process.platform === "linux") host.constrainedMemory = process.constrainedMemory;
  return host;
}

/** Node's and Bun's figures; free memory is available memory on Windows only. */
function nodeSystem(): RuntimeHost["system"] {
  if (process.platform !== "win32") {
    return { source: "os.totalmem()", read: () => ({ total: os.totalmem() }) };
  }
  return {
    source: "os.totalmem(), os.freemem()",
    read: () => ({ total: os.totalmem(), available: os.freemem() }),
  };
}

/** Samples what the host offers. It holds nothing open. */
export class RuntimeSampler implements Sampler {
  readonly adapter: AdapterName = "runtime";
  readonly #host: RuntimeHost;
  #closed = false;
  readonly #wanted: Wanted;
  /** The last snapshot, which `signals` explains. */
  #last: MemInfo | undefined;
  /** What became of the limit that the user stated. */
  #stated: Stated;

  constructor(host: RuntimeHost, options: SamplerOptions = {}) {
    this.#host = host;
    this.#wanted = wantedOf(options);
  }

  sample(): MemInfo {
    this.#checkOpen();
    const next: MemInfoInit = { at: Date.now() };
    const { system, memoryUsage, engine, constrainedMemory } = this.#host;
    const figures = system && attempt(system.read);
    next.systemTotal = size(figures?.total);
    next.systemAvailable = size(figures?.available);
    if (this.#wanted.engine) engine.read(next);
    next.processRss = size(next.processRss ?? (memoryUsage && attempt(memoryUsage)?.rss));
    const limit = (constrainedMemory && attempt(constrainedMemory)) ?? 0;
    if (limit > 0 && limit < NO_LIMIT && limit < (next.systemTotal ?? Infinity)) {
      next.cgroupLimit = limit;
      next.cgroupCurrent = next.processRss;
    }
    this.#stated = takeStated(next, this.#wanted.limit);
    keepAsked(next, this.#wanted);
    return this.#last = new MemInfo(next);
  }

  get signals(): Signals {
    this.#checkOpen();
    const info = this.#last ?? this.sample();
    const { system, engine, constrainedMemory, systemReason, cgroupReason } = this.#host;
    const fromSystem = (value: number | undefined): Signal =>
      value === undefined
        ? unavailable(system?.source ?? "system memory", systemReason)
        : { available: true, source: system!.source };
    const limited = info.cgroupLimit !== undefined;
    const limitSource = "process.constrainedMemory()";
    const noLimit = constrainedMemory === undefined
      ? cgroupReason
      : `the runtime sees no limit, which does not mean that there is none: ${cgroupReason}`;
    const signals: Signals = {
      systemAvailable: fromSystem(info.systemAvailable),
      systemTotal: fromSystem(info.systemTotal),
      processRss: info.processRss === undefined
        ? unavailable("process.memoryUsage()", "this runtime has no process.memoryUsage()")
        : { available: true, source: "process.memoryUsage()" },
      ...engine.signals,
      cgroupCurrent: limited
        ? {
          available: true,
          source: "process.memoryUsage()",
          estimate: true,
          note: "estimate: the resident set of this process stands in for the group's usage",
        }
        : unavailable(limitSource, noLimit),
      cgroupLimit: limited
        ? { available: true, source: limitSource, note: "the process's own group only" }
        : unavailable(limitSource, noLimit),
      cgroupWorkingSet: unavailable("memory.stat", cgroupReason),
      pressure: unavailable("/proc/pressure/memory", cgroupReason),
      pressureEvents: unavailable("memory.events", cgroupReason),
    };
    const { limit } = this.#wanted;
    return onlyAsked(explainStated(signals, limit, this.#stated, info), this.#wanted, info);
  }

  close(): void {
    this.#closed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #checkOpen(): void {
    if (this.#closed) throw new Error("Cannot sample: the sampler is closed");
  }
}

/** 0 and malformed values are not sizes. */
function size(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 && Number.isFinite(value) ? value : undefined;
}
