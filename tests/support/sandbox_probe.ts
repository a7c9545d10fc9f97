// What a program without more permissions than it was given can sample.

import process from "node:process";
import { openSampler, sample, type SamplerOptions, watch } from "../../mod.ts";

const adapter = process.argv[2] as SamplerOptions["adapter"];
const options: SamplerOptions = adapter === undefined ? {} : { adapter };

// Every way in, since each could prompt.
await sample(options);
const stop = new AbortController();
await watch({ interval: 1, signal: stop.signal, ...options }, () => stop.abort());
const sampler = openSampler(options);
const info = await sampler.sample();

console.log(JSON.stringify({
  adapter: sampler.adapter,
  terminal: process.stdout.isTTY === true,
  info,
  signals: sampler.signals,
}));
sampler.close();
