// The fast loop: `deno task quick [FOLDER…]`. Format, lint, types, and tests on
// Node: those of the core, or of the folders that are named.

import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { counted } from "./support/counts.ts";
import { type Job, runJobs, sum } from "./support/jobs.ts";
import { findRuntimes } from "./support/runtimes.ts";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

/** Those in tests/ that start many programs. */
const SLOW = ["documentation", "examples", "jobs", "programs_of_test_machine", "watch_exit"];

const node = findRuntimes().find(({ name }) => name === "node")?.command[0];
if (node === undefined) {
  console.error("no Node that strips types: run `npm ci`, which installs one");
  process.exit(1);
}
const deno = process.execPath;
const folders = process.argv.slice(2);
const files = folders.length === 0
  ? testsIn("tests", false).filter((file) =>
    !SLOW.includes(path.basename(file).replace("_test.ts", ""))
  )
  : folders.flatMap((folder) => testsIn(folder, true));

const jobs: Job[] = [
  { name: "tests", kind: "suite", command: [node, "--test", "--test-reporter=spec", ...files] },
  { name: "types", kind: "check", command: [deno, "check", "--quiet"] },
  { name: "lint", kind: "check", command: [deno, "lint", "--quiet"] },
  { name: "formatting", kind: "check", command: [deno, "fmt", "--check", "--quiet"] },
];
const all = sum(await runJobs(jobs, 2));
console.log(`\n${counted(all)}`);
process.exit(all.failed === 0 ? 0 : 1);

function testsIn(folder: string, recursive: boolean): string[] {
  return fs.readdirSync(folder, { recursive, encoding: "utf8" })
    .filter((file) => file.endsWith("_test.ts"))
    .map((file) => path.join(folder, file));
}
