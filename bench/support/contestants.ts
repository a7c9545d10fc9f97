// What a sample is compared with: the same question asked of others.

import fs from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import v8 from "node:v8";
import { openSampler } from "../../mod.ts";

/** One way to ask for memory, as often as it is called. */
export interface Contestant {
  name: string;
  /** What it does not tell, or tells otherwise than asked. */
  note?: string;
  ask: () => unknown;
}

/** The parts of npm packages that are called. */
interface Packages {
  systeminformation: { mem(): Promise<unknown> };
  pidusage: (pid: number) => Promise<unknown>;
  "@adobe/cgroup-metrics": { memory: { containerUsagePercentage(): unknown } };
  "node-os-utils": {
    OSUtils: new (options: { cacheEnabled: false }) => { memory: { info(): Promise<unknown> } };
  };
}

const require = createRequire(import.meta.url);

function load<K extends keyof Packages>(name: K): Packages[K] {
  return require(name);
}

/** The sampler, then the runtime's own calls, then packages from npm. */
export function contestants(files: string[]): Contestant[] {
  const sampler = openSampler();
  const workingSet = openSampler({ usage: "workingSet" });
  const runtimeOnly = openSampler({ adapter: "runtime" });
  const descriptors = files.map((file) => fs.openSync(file, "r"));
  const buffer = new Uint8Array(16_384);
  const systeminformation = load("systeminformation");
  const pidusage = load("pidusage");
  const cgroupMetrics = load("@adobe/cgroup-metrics");
  const osUtils = new (load("node-os-utils").OSUtils)({ cacheEnabled: false });
  const deno = (globalThis as { Deno?: { systemMemoryInfo(): unknown } }).Deno;
  const isBun = "Bun" in globalThis;
  return [
    { name: "memctl, one sample", ask: () => sampler.sample() },
    { name: "memctl, with working set", ask: () => workingSet.sample() },
    { name: "memctl, runtime only", note: "no container", ask: () => runtimeOnly.sample() },
    {
      name: "raw reads of the same files",
      note: "nothing parsed, no heap",
      ask: () => {
        for (let i = 0; i < descriptors.length; i++) {
          fs.readSync(descriptors[i]!, buffer, 0, buffer.length, 0);
        }
      },
    },
    { name: "process.memoryUsage()", note: "no container", ask: () => process.memoryUsage() },
    ...(isBun ? [] : [{
      name: "v8.getHeapStatistics()",
      note: "heap only",
      ask: () => v8.getHeapStatistics(),
    }]),
    ...(deno
      ? [{
        name: "Deno.systemMemoryInfo()",
        note: "host only",
        ask: () => deno.systemMemoryInfo(),
      }]
      : []),
    {
      name: "process.availableMemory()",
      note: "one figure",
      ask: () => process.availableMemory(),
    },
    {
      name: "systeminformation mem()",
      note: "no container",
      ask: () => systeminformation.mem(),
    },
    { name: "pidusage()", note: "RSS and CPU only", ask: () => pidusage(process.pid) },
    {
      name: "@adobe/cgroup-metrics",
      note: "v1, usage and limit only",
      ask: () => cgroupMetrics.memory.containerUsagePercentage(),
    },
    { name: "node-os-utils memory.info()", note: "no container", ask: () => osUtils.memory.info() },
  ];
}
