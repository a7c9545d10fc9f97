// What the kernel is asked for during samples, as strace counts it.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { findRuntimes, type Runtime } from "../support/runtimes.ts";
import { withTempFolder } from "../support/temp.ts";

const SAMPLES = 10_000;
/** What a runtime may ask for meanwhile by itself, and the check of the group. */
const SLACK = 60;
const CALLS = ["open", "openat", "read", "pread64", "lseek", "close"] as const;

const program = fileURLToPath(new URL("../support/programs/many_samples.ts", import.meta.url));
const problem = spawnSync("strace", ["--version"]).status === 0
  ? undefined
  : "there is no strace (Debian's package of that name)";
if (problem !== undefined) console.error(`SKIPPED, the count of system calls: ${problem}`);

/** Stops the programs at the calls that are counted only, if this strace can. */
const filter = spawnSync("strace", ["-f", "--seccomp-bpf", "true"]).status === 0
  ? ["--seccomp-bpf"]
  : [];

/** How often one run made each call, and how many files one sample of it read. */
interface Run {
  calls: Record<typeof CALLS[number], number>;
  reads: number;
}

function trace({ command }: Runtime, samples: number): Promise<Run> {
  return withTempFolder((folder) => {
    const summary = path.join(folder, "summary");
    const options = ["-f", ...filter, "-c", `--trace=${CALLS.join()}`, "-o", summary];
    const { stdout, stderr, status } = spawnSync(
      "strace",
      [...options, ...command, program, String(samples)],
      { encoding: "utf8" },
    );
    assert.equal(status, 0, stderr);
    const text = fs.readFileSync(summary, "utf8");
    const calls = Object.fromEntries(CALLS.map((name) => {
      // % time, seconds, µs per call, calls, perhaps errors, name
      const line = new RegExp(`^ *[\\d.]+ +[\\d.]+ +\\d+ +(\\d+)(?: +\\d+)? +${name}$`, "m");
      return [name, Number(line.exec(text)?.[1] ?? 0)];
    })) as Run["calls"];
    return { calls, reads: JSON.parse(stdout).reads };
  });
}

describe(`${SAMPLES} samples of a watch`, { skip: problem ?? false }, () => {
  for (const runtime of findRuntimes()) {
    it(`are positioned reads and nothing else in ${runtime.name}`, async () => {
      // The second sample is the one whose reads are counted.
      const few = await trace(runtime, 2);
      const { calls, reads } = await trace(runtime, SAMPLES + 2);
      const more = (name: typeof CALLS[number]) => calls[name] - few.calls[name];

      const asked = `${JSON.stringify(few.calls)} became ${JSON.stringify(calls)}`;
      assert.equal(reads, few.reads);
      assert.ok(more("pread64") >= reads * SAMPLES, `the trace is not complete: ${asked}`);
      // Deno's own start takes positioned reads too, and not always as many.
      assert.ok(more("pread64") <= reads * SAMPLES + 10 * SLACK, asked);
      assert.ok(more("lseek") <= SLACK, asked);
      // Bun's memoryUsage() opens /proc/self/stat itself at each call.
      const own = runtime.name === "bun" ? SAMPLES : 0;
      assert.ok(more("open") + more("openat") <= own + SLACK, asked);
      assert.ok(more("read") <= own + SLACK, asked);
      assert.ok(more("close") <= own + SLACK, asked);
    });
  }
});
