// The one command that checks everything: `deno task test`. It installs what
// it needs from npm, runs each check and the suite on each runtime, and closes
// with the counts.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { counted } from "./support/counts.ts";
import { grouped } from "./support/grouped.ts";
import { importersOf } from "./support/importers.ts";
import { type Job, runJobs, sum } from "./support/jobs.ts";
import { findRuntimes } from "./support/runtimes.ts";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const deno = process.execPath;
process.env.MEMCTL_TEST_DENO = deno;
installPackages();
const found = findRuntimes();
const bun = programOf("bun");
const node = programOf("node");

const checks: Job[] = [
  check("types", [deno, "check"]),
  check("types of the examples", [
    deno,
    "check",
    "--doc",
    ...entryPoints(),
    "src",
    "docs",
    "README.md",
  ]),
  check("publish, dry run", [deno, "publish", "--dry-run", "--allow-dirty"]),
  check("lint", [deno, "lint"]),
  check("doc lint", [deno, "doc", "--lint", ...entryPoints()]),
  check("formatting", [deno, "fmt", "--check"]),
];

/** Every test file but those that need the JSR registry, cgroups of their own, or one run only. */
const files = fs.readdirSync("tests", { recursive: true, encoding: "utf8" })
  .filter((file) =>
    file.endsWith("_test.ts") && !/^(std|e2e|deploy|docs|fleet|package)\b/.test(file)
  )
  .map((file) => `./${path.join("tests", file)}`);

/** The same files, several in a process. */
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "memctl-tests-"));
const groups = grouped(files, folder);

/** What runs test files in each runtime, the files to follow. */
const runners: {
  name: string;
  command: string[];
  env?: Record<string, string>;
  /** All tests. */
  all: string[];
}[] = [
  {
    name: `node ${version(node)}`,
    command: [node, "--test", "--test-reporter=spec"],
    // The tests start hundreds of processes, most of which load the same files.
    env: { NODE_COMPILE_CACHE: path.resolve(".cache/node") },
    all: groups,
  },
  // The types are one of the checks.
  { name: `deno ${version(deno)}`, command: [deno, "test", "-A", "--no-check"], all: groups },
  // A global scope for each file is quick in Bun. It keeps the heap small, of which
  // some tests write snapshots.
  {
    name: `bun ${version(bun)}`,
    command: [bun, "test", "--timeout=60000", "--isolate"],
    all: files,
  },
];

/** Those in which something differs when the adapter is forced. */
const filesOfAdapter = importersOf("tests/support/adapter.ts", files);

/** The longest first, so that all cores are busy until the end. */
const suites: Job[] = [
  ...runners.map(({ name, command, all, env = {} }): Job => ({
    name,
    kind: "suite",
    command: [...command, ...all],
    env,
  })),
  // Nothing in them differs between the runtimes.
  {
    name: "files to deploy, and what the documentation says",
    kind: "suite",
    command: [
      ...[node, "--test", "--test-reporter=spec"],
      ...["tests/deploy/*_test.ts", "tests/docs/*_test.ts"],
    ],
  },
  ...runners.map(({ name, command, env = {} }): Job => ({
    name: `${name}, runtime-only adapter`,
    kind: "suite",
    command: [...command, ...filesOfAdapter],
    env: { ...env, MEMCTL_TEST_ADAPTER: "runtime" },
  })),
  // It fails on growth, never on time.
  check("soak, a short one", [deno, "task", "soak", "0.1"]),
];

const cores = os.availableParallelism();

const all = sum([
  ...await runJobs(checks, cores),
  // One more, because each of them waits at times.
  ...await runJobs(suites, cores + 1),
]);
fs.rmSync(folder, { recursive: true, force: true });
console.log(`\n${counted(all)}`);
process.exit(all.failed === 0 ? 0 : 1);

function check(name: string, command: string[]): Job {
  return { name, kind: "check", command };
}

/** `npm ci`, unless what is installed came from this very lock file. */
function installPackages(): void {
  const stamp = path.join("node_modules", ".stamp");
  const lock = createHash("sha256").update(fs.readFileSync("package-lock.json")).digest("hex");
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === lock) return;
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], { stdio: "inherit" });
  if (status !== 0) {
    console.error("npm ci failed: the tests need Node and npm for their packages");
    process.exit(1);
  }
  fs.writeFileSync(stamp, lock);
}

function entryPoints(): string[] {
  const { exports } = JSON.parse(fs.readFileSync("deno.json", "utf8"));
  return Object.values(exports);
}

function version(file: string): string {
  const { stdout } = spawnSync(file, ["--version"], { encoding: "utf8" });
  return /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? "of unknown version";
}

/** Where the runtime of this name is; without it nothing is run. */
function programOf(name: string): string {
  const runtime = found.find((runtime) => runtime.name === name);
  if (runtime !== undefined) return runtime.command[0]!;
  console.error(`no ${name} that can run the tests: npm did not install it, PATH has none`);
  process.exit(1);
}
