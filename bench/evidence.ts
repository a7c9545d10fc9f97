// What evidence costs, and whether it is on disk before the kernel kills:
// `deno task bench:evidence [runs] [runtime]`. Needs root and a writable memory
// cgroup. With 20 runs of each kind it takes about a quarter of an hour.

import { spawnSync } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { MiB } from "../mod.ts";
import { ChildGroup, findHierarchy } from "../tests/e2e/child_group.ts";
import { type EvidenceOutcome, type EvidenceRun, runToTheKill } from "../tests/e2e/evidence.ts";
import { findRuntimes, type Runtime } from "../tests/support/runtimes.ts";
import { withTempFolder } from "../tests/support/temp.ts";
import type { AllocatingCost } from "./support/allocating_program.ts";
import type { EvidenceCost } from "./support/evidence_program.ts";
import { occasion } from "./support/machine.ts";
import { markdown } from "./support/table.ts";

const TURNS = 40;
/** Bytes between two samples: none, this module's choice, and V8's default. */
const INTERVALS = [0, 512 * 1024, 32 * 1024];
const SIZES = [50, 150, 400];
/** Processes at a time. Each of them waits for most of its time. */
const PARALLEL = 5;
const SCENARIO = { limit: 256, live: 150, rate: 5 };

const found = findHierarchy();
if (found.problem !== undefined) {
  console.error(`cannot run: ${found.problem}`);
  process.exit(1);
}
const hierarchy = found;
const [runs = "20", only] = process.argv.slice(2);
const runtimes = findRuntimes().filter(({ name }) => only === undefined || name === only);

console.log(`${occasion()}.\n`);
await printKills(Number(runs));
await printWriting();
printSampling();

async function printKills(runs: number): Promise<void> {
  const { limit, live, rate } = SCENARIO;
  console.log(`**${live} MiB live and ${rate} MiB more each second, in ${limit} MiB**\n`);
  const rows = [[
    "runtime",
    "live data",
    "runs",
    "complete before the kill",
    "with a profile",
    "live at evidence, MiB",
    "live at the kill, MiB",
    "the same without evidence",
  ]];
  for (const runtime of runtimes) {
    for (const kind of ["objects", "buffers"] as const) {
      const run = { ...SCENARIO, runtime, kind };
      const outcomes = await repeat(run, runs);
      const without = await repeat({ ...run, evidence: false }, Math.min(runs, PARALLEL));
      const good = outcomes.filter(isComplete);
      for (const { output } of outcomes.filter((outcome) => !isComplete(outcome))) {
        console.error(output);
      }
      rows.push([
        runtime.name,
        kind,
        String(runs),
        String(good.length),
        String(good.filter(({ found }) => found[0]!.profile !== undefined).length),
        range(outcomes.map(({ liveAtEvidence }) => liveAtEvidence)),
        range(outcomes.map(({ live }) => live)),
        range(without.map(({ live }) => live)),
      ]);
    }
  }
  console.log(`${markdown(rows)}\n`);
}

function isComplete({ outcome, found, others }: EvidenceOutcome): boolean {
  return outcome === "killed" && others.length === 0 && found.length === 1 &&
    found[0]!.report.complete;
}

async function repeat(run: EvidenceRun, times: number): Promise<EvidenceOutcome[]> {
  const outcomes: EvidenceOutcome[] = [];
  let left = times;
  await Promise.all(Array.from({ length: PARALLEL }, async () => {
    while (left-- > 0) outcomes.push(await runToTheKill(hierarchy, run));
  }));
  return outcomes;
}

async function printWriting(): Promise<void> {
  console.log("**Writing it, with objects alive**\n");
  const rows = [["runtime", "heapUsed, MiB", "peak above usage, MiB", "ms", "files, kB"]];
  for (const runtime of runtimes) {
    for (const size of SIZES) {
      const { heapUsed, before, peak, milliseconds, files } = await measureWriting(runtime, size);
      rows.push([
        runtime.name,
        (heapUsed / MiB).toFixed(0),
        ((peak - before) / MiB).toFixed(1),
        milliseconds.toFixed(0),
        files.map((bytes) => (bytes / 1000).toFixed(1)).join(" + "),
      ]);
    }
  }
  console.log(`${markdown(rows)}\n`);
}

async function measureWriting(runtime: Runtime, size: number): Promise<EvidenceCost> {
  const group = new ChildGroup(hierarchy.version, hierarchy.folder);
  try {
    group.forbidSwap();
    group.setLimit(2_000 * MiB);
    const program = fileURLToPath(new URL("support/evidence_program.ts", import.meta.url));
    const files = (hierarchy.version === 1
      ? ["memory.usage_in_bytes", "memory.max_usage_in_bytes"]
      : ["memory.current", "memory.peak"]).map((file) =>
        path.join(group.folder, file)
      );
    return await withTempFolder(async (folder) => {
      const command = [...runtime.command, program, String(size), ...files, folder];
      const { output } = await group.run(command, 120_000);
      const report = /^\{.*\}$/m.exec(output)?.[0];
      if (report === undefined) throw new Error(`${size} MiB in ${runtime.name}: ${output}`);
      return JSON.parse(report);
    });
  } finally {
    await group.remove();
  }
}

function printSampling(): void {
  console.log("**The standing cost of sampling allocations: CPU time of a program that does");
  console.log("nothing but allocate, against the same process without the profiler**\n");
  const rows = [["runtime", ...INTERVALS.slice(1).map((bytes) => `every ${bytes / 1024} KiB`)]];
  const program = fileURLToPath(new URL("support/allocating_program.ts", import.meta.url));
  for (const runtime of runtimes) {
    // Bun has no sampling heap profiler.
    if (runtime.name === "bun") continue;
    const [file, ...args] = [...runtime.command, program, ...[TURNS, ...INTERVALS].map(String)];
    const { stdout, stderr } = spawnSync(file!, args, { encoding: "utf8", timeout: 300_000 });
    const report = /^\{.*\}$/m.exec(stdout)?.[0];
    if (report === undefined) throw new Error(`${runtime.name}: ${stdout}${stderr}`);
    const cost: AllocatingCost = JSON.parse(report);
    const total = (bytes: number) => cost[bytes]!.reduce((sum, time) => sum + time, 0);
    rows.push([
      runtime.name,
      ...INTERVALS.slice(1).map((bytes) => `${((total(bytes) / total(0) - 1) * 100).toFixed(1)} %`),
    ]);
  }
  console.log(`${markdown(rows)}\n`);
}

function range(values: number[]): string {
  const least = Math.min(...values);
  const most = Math.max(...values);
  return least === most ? String(least) : `${least}–${most}`;
}
