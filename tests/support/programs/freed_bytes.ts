// Drops objects, buffers and strings, and prints how many bytes of each the
// heap's figures show as freed by a collection. In a process of its own, because
// Bun counts buffers at its next own collection, which a large heap puts off.

import { MiB, openSampler } from "../../../mod.ts";
import { findForceGc } from "../../../platform/force_gc.ts";
import { freedBetween, heapGauge } from "../../../src/watchdog/gauge.ts";

const kinds: Record<string, () => unknown> = {
  objects: () => Array.from({ length: 300_000 }, (_, i) => ({ i, pad: [i, i, i, i, i, i] })),
  buffers: () => Array.from({ length: 30 }, () => new Uint8Array(MiB).fill(1)),
  strings: () =>
    Array.from(
      { length: 30 },
      (_, i) => new TextDecoder().decode(new Uint8Array(MiB).fill(65 + i)),
    ),
};
const collect = findForceGc()!;
const sampler = openSampler();
const task = () => new Promise((resolve) => setTimeout(resolve, 0));
const freed: Record<string, number> = {};

for (const [kind, make] of Object.entries(kinds)) {
  collect();
  const kept: { value?: unknown } = {};
  // In a function of its own, so that no register of this one holds it.
  (() => kept.value = make())();
  await task();
  const before = await sampler.sample();
  kept.value = undefined;
  await task(); // a stack may hold it until the task ends
  collect();
  collect(); // in Node, the first one sometimes leaves the buffers
  freed[kind] = freedBetween(before, await sampler.sample(), heapGauge(1));
}
sampler.close();
console.log(JSON.stringify(freed));
