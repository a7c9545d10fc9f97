// The one command that checks everything: `deno task test`. It installs what
// it needs from npm, runs each check and the suite on each runtime, and closes
// with the counts.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { counted, type Counts, countTests } from "./support/counts.ts";
import { findRuntimes } from "./support/runtimes.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);

/** How a suite or check ended. */
interface Result extends Counts {
  name: string;
}

/** One runtime that runs the suite. */
interface Runtime {
  name: string;
  command: string[];
}

const results: Result[] = [];
const deno = process.execPath;

installPackages();
const found = findRuntimes();
const bun = programOf("bun");
const node = programOf("node");

check("formatting", [deno, "fmt", "--check"]);
check("lint", [deno, "lint"]);
check("types", [deno, "check"]);
check("doc lint", [deno, "doc", "--lint", ...entryPoints()]);
check("publish, dry run", [deno, "publish", "--dry-run", "--allow-dirty"]);

const denoRuntime: Runtime = {
  name: `deno ${version(deno)}`,
  command: [deno, "test", "-A", ...testFiles()],
};
const nodeRuntime: Runtime = {
  name: `node ${version(node)}`,
  command: [node, "--test", "--test-reporter=spec", ...testFiles()],
};
const runtimes: Runtime[] = [
  denoRuntime,
  {
    name: `bun ${version(bun)}`,
    command: [bun, "test", "--timeout=60000", ...testFiles()],
  },
  nodeRuntime,
];
for (const runtime of runtimes) suite(runtime, runtime.name);
for (const runtime of runtimes) {
  suite(runtime, `${runtime.name}, runtime-only adapter`, {
    env: { MEMCTL_TEST_ADAPTER: "runtime" },
  });
}
suite({
  ...denoRuntime,
  command: [deno, "test", "-A", "--doc", ...entryPoints(), "src", "docs", "README.md"],
}, "examples in the documentation and the README");

suite(
  {
    ...nodeRuntime,
    command: [node, "--test", "--test-reporter=spec", "tests/e2e/*_test.ts"],
  },
  "real cgroups",
  { maySkip: true },
);

check("soak, a short one", [deno, "task", "soak", "0.1"]);

summarize();

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

/** Every test file but those that need the JSR registry or cgroups of their own. */
function testFiles(): string[] {
  const apart = [`std${path.sep}`, `e2e${path.sep}`];
  return fs.readdirSync("tests", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith("_test.ts") && !apart.some((name) => file.startsWith(name)))
    .map((file) => `./${path.join("tests", file)}`);
}

/** One command that passes or fails as a whole. */
function check(name: string, command: string[]): void {
  const { status, output } = run(command, {});
  if (status !== 0) console.log(output);
  report({ name, passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 });
}

/** One run of tests; a run in which none passed has failed. */
function suite(
  runtime: Runtime,
  name: string,
  { env = {}, maySkip = false }: { env?: Record<string, string>; maySkip?: boolean } = {},
): void {
  const { status, output } = run(runtime.command, env);
  const counts = countTests(output);
  const ran = counts.passed > 0 || (maySkip && counts.skipped > 0);
  if (status !== 0 || !ran) {
    console.log(output);
    counts.failed ||= 1;
    if (!ran) console.log(`${name} ran no test`);
  }
  for (const line of output.match(/^SKIPPED.*$/gm) ?? []) console.log(line);
  report({ name, ...counts });
}

function run([file, ...args]: string[], env: Record<string, string>) {
  const { status, stdout, stderr, error } = spawnSync(file!, args, {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, NO_COLOR: "1", MEMCTL_TEST_DENO: deno, ...env },
  });
  return { status, output: `${stdout}${stderr}${error ?? ""}` };
}

function report(result: Result): void {
  results.push(result);
  console.log(`${result.failed > 0 ? "FAILED" : "ok"}  ${result.name}: ${counted(result)}`);
}

function summarize(): void {
  const sum = (of: keyof Counts) => results.reduce((n, result) => n + result[of], 0);
  const all = { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
  console.log();
  console.log(counted(all));
  process.exit(all.failed === 0 ? 0 : 1);
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
