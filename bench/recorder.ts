// The flight recorder in each runtime: `deno task bench:recorder [PART] [RUNS]`.
//
// - cost: microseconds and garbage per record.
// - ends: what the report says after real OOM kills, clean exits, uncaught
//   errors and heap-limit aborts. Needs root and a writable memory cgroup.
// - kills: SIGKILL at random moments of the start and of the writes, and whether
//   the file can be read after each.

import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { MiB } from "../mod.ts";
import { readRecord } from "../recorder.ts";
import { ChildGroup, findHierarchy } from "../tests/e2e/child_group.ts";
import { findRuntimes, type Runtime } from "../tests/support/runtimes.ts";
import { occasion, title } from "./support/machine.ts";
import type { RecorderCost } from "./support/recorder_program.ts";
import { runJson } from "./support/run_json.ts";
import { markdown } from "./support/table.ts";

const [part = "all", runs] = process.argv.slice(2);
const program = fileURLToPath(new URL("../tests/support/programs/recorded.ts", import.meta.url));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "memctl-"));
const LIMIT = 256 * MiB;
const HEAP_FLAG = "--max-old-space-size=80";
/** Programs at a time: those that end by themselves wait for most of theirs. */
const AT_ONCE = { ends: 5, kills: 2 };

console.log(`${occasion()}\n`);
try {
  if (part === "all" || part === "cost") reportCost();
  if (part === "all" || part === "ends") await reportEnds(Number(runs ?? 20));
  if (part === "all" || part === "kills") await reportKills(Number(runs ?? 1_000));
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}

function reportCost(): void {
  const rows = [[
    "µs per record",
    "write a given snapshot",
    "sample alone",
    "sample and write",
    "bytes per record left after GC",
  ]];
  for (const runtime of findRuntimes()) {
    const cost = runJson<RecorderCost>(
      runtime,
      "recorder_program.ts",
      [path.join(folder, "x.rec")],
      runtime.name === "bun" ? [] : ["--expose-gc"],
    );
    rows.push([
      title(runtime),
      ...[cost.given, cost.sample, cost.both, cost.growth].map((value) => value.toFixed(1)),
    ]);
  }
  console.log(`${markdown(rows)}\n`);
}

async function reportEnds(times: number): Promise<void> {
  const hierarchy = findHierarchy();
  if (hierarchy.problem !== undefined) return console.log(`ends: cannot run: ${hierarchy.problem}`);
  const { version, folder: parent } = hierarchy;
  const rows = [[
    "named rightly",
    "OOM kill, by the counters",
    "the same, cgroup gone",
    "clean exit",
    "uncaught error",
    "heap limit",
  ]];
  for (const runtime of findRuntimes()) {
    const found = { counted: 0, inferred: 0, clean: 0, exception: 0, heap: 0 };
    await inTurn(times, AT_ONCE.ends, async (i) => {
      const file = path.join(folder, `${runtime.name}-oom-${i}.rec`);
      const group = new ChildGroup(version, parent);
      try {
        group.forbidSwap();
        group.setLimit(LIMIT);
        await group.run([...runtime.command, program, file, "250", "oom"], 120_000);
        const { kind, inferred } = readRecord(file).latest.end;
        found.counted += Number(kind === "oom-kill" && !inferred);
      } finally {
        await group.remove();
      }
      const { kind, inferred } = readRecord(file).latest.end;
      found.inferred += Number(kind === "oom-kill" && inferred);
      const clean = await ends(runtime, `clean-${i}`, i % 2 === 0 ? "exit" : "natural");
      found.clean += Number(clean === "clean");
      const thrown = await ends(runtime, `throw-${i}`, "throw");
      found.exception += Number(thrown === "exception");
      if (runtime.name === "bun") return;
      const heap = await ends(runtime, `heap-${i}`, "heap", HEAP_FLAG);
      found.heap += Number(heap === "heap-limit");
    });
    const { counted, inferred, clean, exception, heap } = found;
    const none = runtime.name === "bun" ? "no such limit" : `${heap} of ${times}`;
    rows.push([
      title(runtime),
      ...[counted, inferred, clean, exception].map((count) => `${count} of ${times}`),
      none,
    ]);
  }
  console.log(`${markdown(rows)}\n`);
}

/** Runs the program to its end: the kind of end that its record tells. */
async function ends(runtime: Runtime, name: string, how: string, flag?: string): Promise<string> {
  const file = path.join(folder, `${runtime.name}-${name}.rec`);
  const child = spawn(...commandOf(runtime, [file, "250", how], flag), { stdio: "ignore" });
  await new Promise((resolve) => child.once("close", resolve));
  return readRecord(file).latest.end.kind;
}

function commandOf(
  { name, command: [first, ...rest] }: Runtime,
  args: string[],
  flag?: string,
): [string, string[]] {
  const flags = flag === undefined ? [] : name === "deno" ? [`--v8-flags=${flag}`] : [flag];
  return [first!, [...rest, ...flags, program, ...args]];
}

async function reportKills(times: number): Promise<void> {
  const rows = [[
    "",
    "kills",
    "while starting",
    "files readable",
    "torn records",
    "records in the files",
  ]];
  const runtimes = findRuntimes();
  const each = Math.ceil(times / runtimes.length);
  for (const runtime of runtimes) {
    const seen = { starting: 0, readable: 0, damaged: 0, records: 0 };
    const perFile = Math.ceil(each / AT_ONCE.kills);
    await inTurn(AT_ONCE.kills, AT_ONCE.kills, async (worker) => {
      const file = path.join(folder, `${runtime.name}-kills-${worker}.rec`);
      let begun = 0;
      for (let i = 0; i < perFile; i++) {
        const ready = await killSomewhen(runtime, file, i === 0);
        seen.starting += Number(!ready);
        const { latest, runs, damaged } = readRecord(file);
        const times = runs.flatMap(({ samples }) => samples.map(({ at }) => at));
        const ordered = times.every((at, i) => i === 0 || at >= times[i - 1]!);
        const counted = latest.run === begun + 1 || (!ready && latest.run === begun);
        begun = latest.run;
        seen.readable += Number(ordered && counted && latest.end.kind === "unknown");
        seen.damaged += damaged;
        seen.records += times.length;
      }
    });
    rows.push([
      title(runtime),
      ...[perFile * AT_ONCE.kills, seen.starting, seen.readable, seen.damaged, seen.records].map(
        String,
      ),
    ]);
  }
  console.log(`${markdown(rows)}\n`);
}

/**
 * Starts a program that writes without a pause, and kills it.
 *
 * @param late Whether it must have begun to record.
 * @returns Whether it had.
 */
async function killSomewhen(runtime: Runtime, file: string, late: boolean): Promise<boolean> {
  const [command, args] = commandOf(runtime, [file, "1", "busy"]);
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "ignore"] });
  const closed = new Promise((resolve) => child.once("close", resolve));
  let ready = false;
  const begun = new Promise<void>((resolve) =>
    child.stdout.once("data", () => {
      ready = true;
      resolve();
    })
  );
  if (late || Math.random() < 0.5) await Promise.race([begun, closed]);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 120));
  child.kill("SIGKILL");
  await closed;
  return ready;
}

/** Runs something so many times, a few at once. */
async function inTurn(
  times: number,
  atOnce: number,
  run: (i: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async () => {
    for (let i = next++; i < times; i = next++) await run(i);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
