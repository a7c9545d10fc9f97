// `deno task mutate [path...]`: changes the sources in one place after the other
// and tells which changes no test noticed. Without paths it takes all of
// platform/linux and src. The sources of a folder are tested by the folder of
// tests that mirrors it.
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
  options: { concurrency: { type: "string", default: "2" } },
});
const node = findRuntimes().find(({ name }) => name === "node")?.command[0];
if (node === undefined) {
  console.error("no Node that can run TypeScript: npm did not install it, PATH has none");
  process.exit(1);
}

const whole: Report = { files: {} };
for (const [folder, files] of byFolder(positionals)) {
  console.log(`\n${folder}`);
  Object.assign(whole.files, mutate(node, folder, files).files);
}
const equivalents = parseEquivalents(fs.readFileSync("docs/mutation.md", "utf8"));
const { lines, least } = summarize(whole, equivalents);
console.log(lines.join("\n"));
process.exitCode = least < LEAST_SCORE ? 1 : 0;

/** The sources below these paths, by their folders. */
function byFolder(paths: string[]): Map<string, string[]> {
  const folders = new Map<string, string[]>();
  for (const name of paths.length > 0 ? paths : ["platform/linux", "src"]) {
    const files = fs.statSync(name).isDirectory()
      ? fs.readdirSync(name, { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts")).map((file) => path.join(name, file))
      : [path.normalize(name)];
    for (const file of files.sort()) {
      const folder = path.dirname(file);
      folders.set(folder, [...folders.get(folder) ?? [], file]);
    }
  }
  return folders;
}

/** The folder of tests that mirrors a folder of sources. */
function mirrorOf(folder: string): string {
  return folder.startsWith("platform") ? "platform" : path.relative("src", folder) || ".";
}

/** One run of Stryker. */
function mutate(node: string, folder: string, files: string[]): Report {
  const report = path.join(CACHE, `report-${process.pid}.json`);
  const config = path.join(CACHE, `stryker-${process.pid}.json`);
  fs.mkdirSync(CACHE, { recursive: true });
  fs.writeFileSync(
    config,
    JSON.stringify({
      testRunner: "in-process",
      plugins: ["./tests/mutation/runner.ts"],
      mutate: files,
      coverageAnalysis: "perTest",
      concurrency: Number(values.concurrency),
      // The runner has a limit for each test; this one is for endless loops that
      // Stryker does not count, and is long for the sake of busy hosts.
      timeoutMS: 30_000,
      testRunnerNodeArgs: ["--max-old-space-size=700"],
      tempDirName: CACHE,
      ignorePatterns: [".cache", "bench"],
      reporters: ["json", "progress-append-only"],
      jsonReporter: { fileName: report },
      allowConsoleColors: false,
      allowEmpty: true,
      warnings: { slow: false },
    }),
  );
  try {
    const stryker = "node_modules/@stryker-mutator/core/bin/stryker.js";
    const { status } = spawnSync(node, [stryker, "run", config], {
      stdio: "inherit",
      env: { ...process.env, MEMCTL_MUTATION_TESTS: mirrorOf(folder) },
    });
    if (status !== 0) process.exit(status ?? 1);
    return JSON.parse(fs.readFileSync(report, "utf8"));
  } finally {
    fs.rmSync(config, { force: true });
    fs.rmSync(report, { force: true });
  }
}
