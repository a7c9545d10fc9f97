// What a watchdog does in a real cgroup when memory does not behave: a cache
// that is dropped late, and garbage in a worker. Needs root and a writable
// memory hierarchy, version 1 or 2.

import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import os from "node:os";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { GiB, MiB } from "../../mod.ts";
import type { WatchdogCounters } from "../../watchdog.ts";
import { findRuntimes, type Runtime } from "../support/runtimes.ts";
import { ChildGroup, type Ended, findHierarchy, type Hierarchy } from "./child_group.ts";

const LIMIT = 300 * MiB;
const hierarchy = findHierarchy();
const { problem } = hierarchy;
if (problem !== undefined) console.error(`SKIPPED, watchdogs in a cgroup: ${problem}`);

interface Report {
  counters: WatchdogCounters;
  /** The worker's. */
  worker?: WatchdogCounters;
}

async function run(
  { version, folder }: Hierarchy & { problem?: never },
  runtime: Runtime,
  args: string[],
  use?: (child: ChildProcess) => unknown,
): Promise<Ended & { report: Report | undefined }> {
  const group = new ChildGroup(version, folder);
  try {
    group.forbidSwap();
    group.setLimit(LIMIT);
    const [workload, ...rest] = args;
    const file = fileURLToPath(new URL(`workloads/${workload}.ts`, import.meta.url));
    const ended = await group.run([...runtime.command, file, "watchdog", ...rest], 180_000, use);
    const report = /^\{.*\}$/m.exec(ended.output)?.[0];
    return { ...ended, report: report === undefined ? undefined : JSON.parse(report) };
  } finally {
    await group.remove();
  }
}

/** Ends when the one that works now does. */
let turn: Promise<unknown> = Promise.resolve();

/** Waits for its turn, and takes it until the returned function is called. */
async function takeTurn(): Promise<() => void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const before = turn;
  turn = promise;
  await before;
  return resolve;
}

/** Whether a cache is full already, so that its hold can begin. */
function full(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.stdout!.on("data", (chunk) => String(chunk).includes("cache is full") && resolve());
    child.on("close", () => resolve());
  });
}

// Caches are held at the same time. Whatever works, works alone: the engines
// collect with more threads than one.
describe("in a group of 300 MiB, with the watchdog", { concurrency: 4 }, () => {
  if (hierarchy.problem !== undefined) {
    it("nothing is run", { skip: problem ?? false }, () => {});
    return;
  }
  for (const runtime of findRuntimes()) {
    it(`${runtime.name} survives a cache of 91 % that is dropped after 20 s`, async () => {
      let done = await takeTurn();
      const args = ["dropped_cache", "told", "5"];
      const { outcome, output } = await run(hierarchy, runtime, args, async (child) => {
        await full(child);
        done();
        await new Promise((resolve) => setTimeout(resolve, 20_000));
        done = await takeTurn();
        child.kill("SIGUSR2");
      }).finally(() => done());
      assert.equal(outcome, "finished", output);
    });

    it(`${runtime.name} survives garbage in a worker that has a watchdog too`, async () => {
      const done = await takeTurn();
      const args = ["worker_garbage", "both"];
      const { outcome, output, report } = await run(hierarchy, runtime, args).finally(done);
      assert.equal(outcome, "finished", output);
      // The main isolate has nothing to free, and is not credited with the worker's.
      assert.ok(report!.counters.bytesFreed < 20 * MiB, output);
    });
  }

  it("deno does not survive it with a watchdog in the main isolate only", {
    // V8 sizes its heap by the host: on a small one it collects in time.
    skip: os.totalmem() < 8 * GiB && "needs a host of 8 GiB",
  }, async () => {
    const deno = findRuntimes().find(({ name }) => name === "deno")!;
    const done = await takeTurn();
    const args = ["worker_garbage", "main"];
    const { outcome, output } = await run(hierarchy, deno, args).finally(done);
    assert.notEqual(outcome, "finished", output);
  });
});
