// A watchdog that is at its threshold at once and is never stopped: the program
// must end by itself. Argument: the folder for evidence. Prints what was found.

import process from "node:process";
import { MemInfo, MiB, type Sampler } from "../../../mod.ts";
import { cgroupDriven } from "../../../watchdog.ts";

const log: string[] = [];
const sampler = {
  sample: () => new MemInfo({ cgroupLimit: 1024 * MiB, cgroupCurrent: 900 * MiB, heapUsed: MiB }),
  signals: {},
  close() {},
} as unknown as Sampler;
const write = (message: string) => void log.push(message);
const dog = cgroupDriven({
  sampler,
  gc: () => {},
  interval: 1,
  maxInterval: 1,
  logger: { info: write, warn: write, error: write },
  evidence: { directory: process.argv[2]! },
});
for (let i = 0; i < 500 && dog.counters.evidence + dog.counters.evidenceFailed === 0; i++) {
  await new Promise((resolve) => setTimeout(resolve, 10));
}
console.log(JSON.stringify({ log, state: dog.state, counters: dog.counters }));
