// Live data in a container whose watchdog takes heap snapshots. Arguments: the
// folder for them, or "none"; the share of the limit; and how much is live: MiB, or
// "fill" for 92 % of the limit. Prints one line of JSON.

import process from "node:process";
import { type MemInfo, MiB, openSampler, type Share } from "../../../mod.ts";
import { watchdog, type WatchdogCounters } from "../../../watchdog.ts";

/** What it prints. */
export interface SnapshotReport {
  counters: WatchdogCounters;
  warnings: string[];
}

const [folder, at, size] = process.argv.slice(2) as [string, Share, string];
const warnings: string[] = [];
const dog = watchdog({
  logger: { warn: (message) => void warnings.push(message) },
  heapSnapshots: folder === "none" ? undefined : { directory: folder, at },
});
const sampler = openSampler({ usage: "workingSet" });
const kept: unknown[] = [];
const tick = () => new Promise((resolve) => setTimeout(resolve, 10));

/** Whether enough is live. */
function isFull(): boolean {
  const info = sampler.sample() as MemInfo;
  if (size === "fill") return info.headroom()! <= 0.08 * info.cgroupLimit!;
  return info.heapUsed! >= Number(size) * MiB;
}

while (!isFull()) {
  const seed = kept.length;
  kept.push(
    Array.from({ length: 6_000 }, (_, i) => ({ seed, i, pad: [i, seed, i, i, i, i, i, i] })),
  );
  await tick();
}
for (let i = 0; i < 100; i++) await tick();
console.log(JSON.stringify({ counters: dog.counters, warnings } satisfies SnapshotReport));
dog.stop();
sampler.close();
if (kept.length === 0) throw new Error("nothing was live");
