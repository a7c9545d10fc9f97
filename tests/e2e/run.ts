// Workloads in real cgroups with a limit, on Deno, Bun and Node: `deno task
// test:cgroups`. It needs root and a writable memory hierarchy, and reports that
// tests were skipped otherwise.

import fs from "node:fs";
import os from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { counted } from "../support/counts.ts";
import { type Job, runJobs, sum } from "../support/jobs.ts";
import { findRuntimes } from "../support/runtimes.ts";

/** Files that other processes do not disturb. */
const UNDISTURBED = ["few_descriptors", "heap_snapshots", "latching", "survival", "system_calls"]
  .map((name) => `${name}_test.ts`);

process.chdir(fileURLToPath(new URL("../..", import.meta.url)));
const node = findRuntimes().find(({ name }) => name === "node")?.command[0];
if (node === undefined) {
  console.error("no Node that can run the tests: run `npm ci`, or put a newer Node on PATH");
  process.exit(1);
}

const files = fs.readdirSync("tests/e2e").filter((file) => file.endsWith("_test.ts"));
const all = sum(
  await runJobs([
    job("real cgroups", files.filter(isUndisturbed), os.availableParallelism()),
    job("real cgroups, alone", files.filter((file) => !isUndisturbed(file)), 1),
  ], 1),
);
console.log(`\n${counted(all)}`);
process.exit(all.failed === 0 ? 0 : 1);

function isUndisturbed(file: string): boolean {
  return UNDISTURBED.includes(file);
}

function job(name: string, files: string[], atOnce: number): Job {
  const options = ["--test", "--test-reporter=spec", `--test-concurrency=${atOnce}`];
  return {
    name,
    kind: "suite",
    command: [node!, ...options, ...files.map((file) => `tests/e2e/${file}`)],
    env: { MEMCTL_TEST_DENO: process.execPath },
    maySkip: true,
  };
}
