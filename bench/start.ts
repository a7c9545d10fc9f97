// From nothing to the first sample, and how much there is to load:
// `deno task bench:start`.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { findRuntimes, type Runtime } from "../tests/support/runtimes.ts";
import { occasion, title } from "./support/machine.ts";
import { median } from "../tests/support/numbers.ts";
import { runJson } from "./support/run_json.ts";
import type { Start } from "./support/start_program.ts";
import { markdown } from "./support/table.ts";

const ROUNDS = 15;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "memctl-start-"));
const core = bundle("mod.ts");

console.log(`${occasion()}; median of ${ROUNDS} starts, ms.\n`);
console.log(markdown([
  ["", "import mod.ts", "import it bundled", "first sample", "second sample"],
  ...findRuntimes().map((runtime) => {
    const sources = starts(runtime, fileURLToPath(new URL("../mod.ts", import.meta.url)));
    const bundled = starts(runtime, core);
    return [
      title(runtime),
      middle(sources, "import"),
      middle(bundled, "import"),
      middle(sources, "firstSample"),
      middle(sources, "secondSample"),
    ];
  }),
]));
console.log();
console.log(markdown([
  ["bundled and minified", "bytes"],
  ["mod.ts", size(core)],
  ["the same without the adapter for macOS", size(bundle("mod.ts", "./darwin/darwin_sampler.ts"))],
  ...["watchdog.ts", "policy.ts", "testing.ts"].map((door) => [door, size(bundle(door))]),
]));
fs.rmSync(folder, { recursive: true });

function starts(runtime: Runtime, module: string): Start[] {
  return Array.from(
    { length: ROUNDS },
    () => runJson<Start>(runtime, "start_program.ts", [module]),
  );
}

function middle(all: Start[], what: keyof Start): string {
  return median(all.map((start) => start[what])).toFixed(2);
}

/** The module and what it imports in one file, but for what is imported as `without`. */
function bundle(entry: string, without?: string): string {
  const output = path.join(folder, `${path.basename(entry)}${without ? "-without" : ""}.js`);
  const source = fileURLToPath(new URL(`../${entry}`, import.meta.url));
  const external = without === undefined ? [] : [`--external=${without}`];
  const { status, stderr } = spawnSync(
    process.execPath,
    ["bundle", "--quiet", "--minify", ...external, "-o", output, source],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`cannot bundle ${entry}: ${stderr}`);
  return output;
}

function size(file: string): string {
  return fs.statSync(file).size.toLocaleString("en");
}
