// Starts a watch on the real timers that ends in the way that its argument
// names. The process exits by itself unless a timer is left.

import process from "node:process";
import { type Sampler, samples, watch } from "../../../mod.ts";
import { ScriptedSampler } from "../scripted_sampler.ts";

const stop = new AbortController();
const { signal } = stop;
const abort = (): number => {
  stop.abort();
  return 60_000;
};
const fail = (): number => {
  throw new Error("of the interval function");
};
const ignore = () => {};

/** A sampler whose second event falls within the gap. */
function pressed(): Sampler {
  const sampler = new ScriptedSampler();
  const listen = sampler.onPressure;
  sampler.onPressure = (wake) => {
    setTimeout(() => {
      wake();
      wake();
      stop.abort();
    }, 1);
    return listen.call(sampler, wake);
  };
  return sampler;
}

const WAYS: Record<string, () => Promise<unknown>> = {
  "the interval function aborts at entry": () => watch({ interval: abort, signal }, ignore),
  "the interval function aborts at entry, with immediate": () =>
    watch({ interval: abort, immediate: true, signal }, ignore),
  "the interval function aborts later": () =>
    watch({ interval: (info) => info === undefined ? 1 : abort(), signal }, ignore),
  "the interval function aborts at entry of samples()": async () => {
    for await (const _ of samples({ interval: abort, signal }));
  },
  "the interval function throws at entry": () =>
    watch({ interval: fail, signal }, ignore).catch(ignore),
  "the interval function throws at entry, and onPanic aborts": () =>
    watch({ interval: fail, signal, onPanic: abort }, ignore),
  "an abort while an event is held": () =>
    watch({
      interval: 60_000,
      signal,
      sampler: pressed(),
      wakeOnPressure: { minGap: 60_000 },
    }, ignore),
};

const way = process.argv[2];
if (way === undefined) console.log(JSON.stringify(Object.keys(WAYS)));
else {
  await WAYS[way]!();
  console.log("settled");
}
