// A real `deno` under few permissions. A prompt would wait for ever on a
// terminal; without one, Deno throws NotCapable instead.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { findDeno } from "../support/runtimes.ts";
import { withTempFolder } from "../support/temp.ts";

const deno = findDeno();
const program = fileURLToPath(
  new URL("../support/programs/sandboxed_recorder.ts", import.meta.url),
);
const hasScript = spawnSync("script", ["--version"]).status === 0;

/** What the program prints under these permissions, on a terminal if there is one. */
function inSandbox(permissions: string[], file: string): string {
  const args = [deno!, "run", "--no-lock", "--no-config", ...permissions, program, file];
  const [command, ...rest] = hasScript ? ["script", "-qec", args.join(" "), "/dev/null"] : args;
  const { stdout } = spawnSync(command!, rest, { encoding: "utf8", timeout: 60_000, input: "" });
  return stdout.replaceAll("\r", "");
}

describe("in Deno's sandbox", { skip: deno === undefined && "no deno" }, () => {
  it("the recorder needs no permission but that of its file", () =>
    withTempFolder((folder) => {
      const file = path.join(folder, "x.rec");
      const output = inSandbox([`--allow-read=${file}`, `--allow-write=${file}`], file);
      assert.equal(output, "recording\nclean 3\n");
    }));

  it("without it, the start says which one it needs", () =>
    withTempFolder((folder) => {
      const file = path.join(folder, "x.rec");
      const needs = (name: string) =>
        `Error: Cannot record into ${file}: Deno needs --allow-${name}=${file}\n`;
      assert.equal(inSandbox([], file), needs("read"));
      assert.equal(inSandbox([`--allow-read=${file}`], file), needs("write"));
      assert.deepEqual(fs.readdirSync(folder), []);
    }));
});
