// Uses up every file descriptor, watches all the same, lets go, and goes on.

import fs from "node:fs";
import { openSampler, watch } from "../../../mod.ts";

// What is loaded lazily is loaded now: a runtime needs descriptors for that.
const warm = openSampler({ adapter: "linux" });
warm.sample();
warm.close();

const taken: number[] = [];
try {
  for (;;) taken.push(fs.openSync("/dev/null", "r"));
} catch (error) {
  if ((error as { code?: string }).code !== "EMFILE") throw error;
}

const stop = new AbortController();
const seen: boolean[] = [];
let reason: string | undefined;
const watching = watch(
  { interval: 5, immediate: true, adapter: "linux", signal: stop.signal },
  (info) => {
    const known = info.systemAvailable !== undefined && info.processRss !== undefined;
    if (seen.at(-1) !== known) seen.push(known);
    if (known) return stop.abort();
    const sampler = openSampler({ adapter: "linux" });
    reason ??= sampler.signals.systemAvailable.reason;
    sampler.close();
    for (const fd of taken.splice(0)) fs.closeSync(fd);
  },
);
await watching;
console.log(JSON.stringify({ seen, reason }));
