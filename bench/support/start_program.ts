// How long it takes from nothing to the first sample. Argument: a module with
// the exports of mod.ts. Prints one JSON object.

import process from "node:process";
import { pathToFileURL } from "node:url";

/** Milliseconds. */
export interface Start {
  import: number;
  firstSample: number;
  secondSample: number;
}

const start = performance.now();
const { openSampler } = await import(pathToFileURL(process.argv[2]!).href);
const imported = performance.now();
const sampler = openSampler();
sampler.sample();
const first = performance.now();
sampler.sample();
const second = performance.now();
console.log(
  JSON.stringify(
    {
      import: imported - start,
      firstSample: first - imported,
      secondSample: second - first,
    } satisfies Start,
  ),
);
