// Evidence of real processes: it needs no prompt, bears a debugger, and does not
// keep a process alive.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { EvidenceReport, WatchdogCounters } from "../../watchdog.ts";
import { ownRuntime } from "../support/own_runtime.ts";
import { findDeno } from "../support/runtimes.ts";
import { withTempFolder } from "../support/temp.ts";

const program = fileURLToPath(new URL("../support/programs/evidence.ts", import.meta.url));
const isBun = "Bun" in globalThis;
const hasScript = spawnSync("script", ["--version"]).status === 0;

interface Found {
  log: string[];
  state: string;
  counters: WatchdogCounters;
}

/** @param command Starts the program, with the folder to follow. */
function run(command: string[], folder: string, onTerminal = false): Found {
  const line = [...command, program, folder].map((word) => `'${word}'`).join(" ");
  // By way of a shell: Deno's own spawn() adds permissions to a deno it starts.
  const [file, ...args] = onTerminal && hasScript
    ? ["script", "-qec", line, "/dev/null"]
    : ["sh", "-c", line];
  const { stdout, stderr, status, signal } = spawnSync(file!, args, {
    encoding: "utf8",
    timeout: 60_000,
  });
  const output = `${stdout}${stderr}`;
  assert.deepEqual([status, signal], [0, null], output);
  assert.doesNotMatch(output, /requests|Allow\?/, "it prompted");
  return JSON.parse(/^\{.*\}\r?$/m.exec(output)![0]);
}

function readReport(folder: string): EvidenceReport {
  const name = fs.readdirSync(folder).find((name) => name.endsWith(".evidence.json"));
  return JSON.parse(fs.readFileSync(path.join(folder, name!), "utf8"));
}

describe("a program whose watchdog wrote evidence", () => {
  it("ends by itself", () =>
    withTempFolder((folder) => {
      const { state, counters } = run(ownRuntime, folder);
      assert.deepEqual([state, counters.evidence, counters.evidenceFailed], ["running", 1, 0]);
      const { complete, profile, watchdog } = readReport(folder);
      assert.equal(complete, true);
      assert.equal(profile.file !== undefined, !isBun);
      assert.equal(watchdog!.evidence, 0);
    }));

  it("may have an inspector that listens for a debugger", {
    skip: isBun && "Bun's inspector has no profiler",
  }, () =>
    withTempFolder((folder) => {
      const { counters } = run([...ownRuntime, "--inspect=127.0.0.1:0"], folder);
      assert.equal(counters.evidence, 1);
      assert.ok(readReport(folder).profile.file !== undefined);
    }));
});

const deno = findDeno();

describe("evidence in Deno's sandbox", { skip: deno === undefined && "no deno" }, () => {
  for (
    const [title, permissions, written, reason] of [
      [
        "no permission",
        ["--allow-read=/nowhere"],
        0,
        /cannot write to .*: Deno needs --allow-read/,
      ],
      ["--allow-read", ["--allow-read"], 0, /cannot write to .*: Deno needs --allow-write/],
      [
        "the folder alone",
        ["--allow-read=FOLDER", "--allow-write=FOLDER"],
        1,
        /no profile, Deno needs --allow-sys/,
      ],
    ] as const
  ) {
    it(`with ${title}: no prompt, and the reason`, () =>
      withTempFolder((folder) => {
        const allowed = permissions.map((permission) => permission.replace("FOLDER", folder));
        const found = run([deno!, "run", "--no-lock", ...allowed], folder, true);
        assert.equal(found.state, "running");
        assert.equal(found.counters.evidence, written, found.log.join("\n"));
        assert.match(found.log.join("\n"), reason);
      }));
  }
});
