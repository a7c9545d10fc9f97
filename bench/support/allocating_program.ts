// Allocates, by turns with and without the sampling heap profiler: a part is kept
// for a while, most is garbage. Prints one JSON object: CPU time by the bytes
// between two samples, 0 for no profiler. Arguments: these bytes, and how many turns.

import process from "node:process";

/** Milliseconds of CPU time of all threads, by the bytes between two samples. */
export type AllocatingCost = Record<string, number[]>;

const [turns, ...intervals] = process.argv.slice(2).map(Number) as [number, ...number[]];
const { Session } = process.getBuiltinModule("node:inspector");
const session = new Session();
session.connect();
const post = (method: string, params?: object) =>
  new Promise<void>((resolve, reject) =>
    session.post(method, params, (error) => error ? reject(error) : resolve())
  );

const kept: unknown[] = new Array(2_000).fill(undefined);

function request(seed: number): unknown {
  const body = JSON.stringify(
    Array.from(
      { length: 40 },
      (_, i) => ({ id: seed + i, name: `name ${i}`, tags: ["a", "b", i] }),
    ),
  );
  const rows = JSON.parse(body) as { id: number; name: string; tags: unknown[] }[];
  return rows.filter(({ id }) => id % 3 === 0).map((row) => ({ ...row, size: row.name.length }));
}

function round(): void {
  for (let i = 0; i < 1_000; i++) kept[(i * 7) % kept.length] = request(i);
}

async function turn(interval: number): Promise<number> {
  if (interval > 0) await post("HeapProfiler.startSampling", { samplingInterval: interval });
  const before = process.cpuUsage();
  for (let i = 0; i < 10; i++) {
    round();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const { user, system } = process.cpuUsage(before);
  if (interval > 0) await post("HeapProfiler.stopSampling");
  return (user + system) / 1000;
}

const cost: AllocatingCost = {};
for (let i = 0; i < 5; i++) await turn(0);
for (let i = 0; i < turns; i++) {
  for (const interval of i % 2 ? intervals : intervals.toReversed()) {
    (cost[interval] ??= []).push(await turn(interval));
  }
}
console.log(JSON.stringify(cost));
if (kept.length === 0) throw new Error("nothing was kept");
