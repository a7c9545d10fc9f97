// Watches this host's memory for a few seconds, or as many as the argument
// says, while the program allocates and lets go: `deno task demo`. Runs under Bun
// and Node as well.

import process from "node:process";
import { findForceGc } from "../platform/force_gc.ts";
import { MiB, openSampler, watch } from "../mod.ts";

const BLOCK = 16 * MiB;
const MOST_BLOCKS = 10;
const SECONDS = Number(process.argv[2] ?? 5);
const INTERVAL = 250;

const sampler = openSampler();
await sampler.sample();

console.log(`Sources (${sampler.adapter} adapter)`);
for (const [name, signal] of Object.entries(sampler.signals)) {
  const { available, source, reason, note } = signal;
  console.log(
    `  ${name.padEnd(17)} ${available ? source : `- ${reason}`}${note ? ` (${note})` : ""}`,
  );
}

const held: Uint8Array[] = [];
const collect = findForceGc();
const stop = new AbortController();
let sampled = 0;

console.log("\n   time  held      headroom  rss       runtime   nearest ceiling");
await watch({ interval: INTERVAL, immediate: true, signal: stop.signal, sampler }, (info) => {
  const nearest = info.tightest();
  console.log(
    `${(sampled * INTERVAL / 1000).toFixed(2).padStart(6)}s  ` +
      [held.length * BLOCK, info.headroom(), info.processRss, info.runtimeTotal]
        .map((bytes) => mebibytes(bytes).padEnd(9)).join(" ") +
      ` ${nearest ? `${nearest.signal} ${mebibytes(nearest.bytes)}` : "unknown"}`,
  );
  const rising = sampled < SECONDS * 500 / INTERVAL;
  // Never more than a tenth of what is left: a demo must not hurt.
  const roomy = (info.headroom() ?? Infinity) > 10 * BLOCK;
  if (rising && roomy && held.length < MOST_BLOCKS) held.push(new Uint8Array(BLOCK).fill(1));
  else if (!rising && held.length > 0) {
    held.length = Math.max(0, held.length - 2);
    collect?.(); // so that letting go shows at once
  }
  if (++sampled * INTERVAL > SECONDS * 1000) stop.abort();
});

const signals = Object.values(sampler.signals);
const available = signals.filter((signal) => signal.available).length;
console.log(`\n${sampled} samples, ${available} of ${signals.length} signals available`);
sampler.close();

function mebibytes(bytes: number | undefined): string {
  return bytes === undefined ? "-" : `${(bytes / MiB).toFixed(1)}M`;
}
