// What a scrape costs in this runtime, in parts that take turns: prints
// microseconds of CPU time as JSON. Processes that are scraped every few seconds
// find the caches of the processor cold, so they are cold here too.

import process from "node:process";
import { Gauge, Registry } from "prom-client";
import { LoadShedder } from "../../http.ts";
import { openSampler } from "../../mod.ts";
import { observeMemory } from "../../prometheus.ts";
import { median } from "../../tests/support/numbers.ts";

const ROUNDS = Number(process.argv[2] ?? 60);
/** As many as `observeMemory` registers here. */
const METRICS = 19;

const sampler = openSampler({ usage: "workingSet" });
const first = await sampler.sample();
const shedder = new LoadShedder({ inFlight: 10 });
const [empty, gauges, told, complete] = [1, 2, 3, 4].map(() => new Registry());
for (let i = 0; i < METRICS; i++) {
  const help = `Of a length as those of the module have it, number ${i}.`;
  new Gauge({ name: `gauge_${i}_bytes`, help, registers: [gauges!] }).set(123_456_789 * i);
}
const { signals } = sampler;
observeMemory(told!, {
  shedder,
  sampler: { sample: () => first, signals, close() {}, [Symbol.dispose]() {} },
});
observeMemory(complete!, { shedder });

const parts: Record<string, () => unknown> = {
  "nothing": () => {},
  "a registry without metrics": () => empty!.metrics(),
  [`a registry of ${METRICS} gauges`]: () => gauges!.metrics(),
  "one sample": () => sampler.sample(),
  "the metrics, without the sample": () => told!.metrics(),
  "the metrics": () => complete!.metrics(),
};
const costs = new Map(Object.keys(parts).map((name) => [name, [] as number[]]));
/** More than the caches hold. */
const cold = new Uint32Array(24 * 1024 * 1024);
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, part] of Object.entries(parts)) {
    for (let i = 0; i < cold.length; i += 16) cold[i]! += i;
    await new Promise((resolve) => setTimeout(resolve, 2));
    const before = process.cpuUsage();
    await part();
    const { user, system } = process.cpuUsage(before);
    costs.get(name)!.push(user + system);
  }
}
console.log(
  JSON.stringify(Object.fromEntries([...costs].map(([name, all]) => [name, median(all)]))),
);
process.exit();
