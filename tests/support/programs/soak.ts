// A watch at 1 ms and a watchdog, under allocation load, for so many seconds:
// prints what was missed, late and grown.

import process from "node:process";
import { findForceGc } from "../../../platform/force_gc.ts";
import { type MemInfo, openSampler, watch } from "../../../mod.ts";
import { systemDriven, watermarks } from "../../../watchdog.ts";
import { openDescriptors } from "../temp.ts";

const INTERVAL = 1;
const seconds = Number(process.argv[2] ?? 5);
const collect = findForceGc()!;
const sampler = openSampler();

/** What is held after everything that can go is gone. */
function footprint(): { rss: number; heap: number; descriptors: number } {
  collect();
  const info = sampler.sample() as MemInfo;
  return {
    rss: info.processRss ?? 0,
    heap: info.heapUsed ?? 0,
    descriptors: openDescriptors() ?? 0,
  };
}

const stop = new AbortController();
const dog = systemDriven({ policy: watermarks([0.999]), signal: stop.signal });
let samples = 0;
let merged = 0;
let last = performance.now();
// Counted by tenths of a millisecond, so that the record itself does not grow.
const lateness = new Uint32Array(100_000);
const watching = watch({ interval: INTERVAL, signal: stop.signal }, (_, { coalesced }) => {
  const now = performance.now();
  const late = Math.max(0, now - last - INTERVAL);
  last = now;
  samples++;
  merged += coalesced;
  lateness[Math.min(lateness.length - 1, Math.floor(late * 10))]!++;
});

/** Half a mebibyte of garbage, every other millisecond. */
let junk: unknown[] = [];
const load = setInterval(() => {
  junk = Array.from({ length: 4_000 }, (_, i) => ({ i, pad: [i, i] }));
}, 2);

const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
// The first fifth warms up: code is compiled, pools are filled.
await pass(seconds * 200);
const before = footprint();
const started = performance.now();
const firstSamples = samples;
await pass(seconds * 800);
const elapsed = performance.now() - started;
const taken = samples - firstSamples;
junk = [];
const after = footprint();
const { state } = dog;
stop.abort();
await watching;
clearInterval(load);
sampler.close();

/** Milliseconds that this part of all samples was late by, at most. */
function percentile(part: number): number {
  let left = samples * part;
  for (let i = 0; i < lateness.length; i++) {
    left -= lateness[i]!;
    if (left <= 0) return (i + 1) / 10;
  }
  return lateness.length / 10;
}

console.log(JSON.stringify({
  seconds: elapsed / 1000,
  samples: taken,
  missed: Math.max(0, Math.round(elapsed / INTERVAL) - taken),
  merged,
  late: { p50: percentile(0.5), p99: percentile(0.99), max: percentile(1) },
  growth: {
    rss: after.rss - before.rss,
    heap: after.heap - before.heap,
    descriptors: after.descriptors - before.descriptors,
  },
  watchdog: state,
  left: junk.length,
}));
