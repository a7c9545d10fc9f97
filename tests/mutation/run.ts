// `deno task mutate [path...]`: changes the sources in one place after the other
// and tells which changes no test noticed. Without paths it takes all of
// platform/linux and src, which lasts about an hour on two cores.
//
// `--tests cli` runs the tests of one folder only: much faster, and what tests
// elsewhere notice survives.
//
// Changes that no test can notice are listed in docs/mutation.md and do not
// count.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findRuntimes } from "../support/runtimes.ts";
import { parseEquivalents } from "./equivalents.ts";
import { type Report, summarize } from "./summary.ts";

const LEAST_SCORE = 90;
const CACHE = ".cache/mutation";

const root = fileURLToPath(new URL("../..", import.meta.url));
process.chdir(root);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    concurrency: { type: "string", default: "2" },
    tests: { type: "string" },
  },
});
const paths = positionals.length > 0 ? positionals : ["platform/linux", "src"];

const report = path.join(CACHE, `report-${process.pid}.json`);
const config = path.join(CACHE, `stryker-${process.pid}.json`);
fs.mkdirSync(CACHE, { recursive: true });
fs.writeFileSync(
  config,
  JSON.stringify({
    testRunner: "in-process",
    plugins: ["./tests/mutation/runner.ts"],
    mutate: paths.map((name) =>
      fs.statSync(name).isDirectory() ? `${name.replace(/\/$/, "")}/**/*.ts` : name
    ),
    coverageAnalysis: "perTest",
    concurrency: Number(values.concurrency),
    // The runner has a limit for each test; this one is for endless loops.
    timeoutMS: 15_000,
    testRunnerNodeArgs: ["--max-old-space-size=700"],
    tempDirName: CACHE,
    ignorePatterns: [".cache", "bench"],
    reporters: ["json", "progress-append-only"],
    jsonReporter: { fileName: report },
    allowConsoleColors: false,
  }),
);

try {
  const node = findRuntimes().find(({ name }) => name === "node");
  if (node === undefined) throw new Error("needs a Node that runs TypeScript");
  const stryker = "node_modules/@stryker-mutator/core/bin/stryker.js";
  const { status } = spawnSync(node.command[0]!, [stryker, "run", config], {
    stdio: "inherit",
    env: { ...process.env, ...(values.tests && { MEMCTL_MUTATION_TESTS: values.tests }) },
  });
  if (status !== 0) process.exit(status ?? 1);

  const equivalents = parseEquivalents(fs.readFileSync("docs/mutation.md", "utf8"));
  const { lines, least } = summarize(
    JSON.parse(fs.readFileSync(report, "utf8")) as Report,
    equivalents,
  );
  console.log(lines.join("\n"));
  process.exitCode = least < LEAST_SCORE ? 1 : 0;
} finally {
  fs.rmSync(config, { force: true });
  fs.rmSync(report, { force: true });
}
