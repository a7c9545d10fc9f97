// The command line as a program of its own.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { ownRuntime } from "../support/own_runtime.ts";
import { RECORDED } from "../support/recording.ts";
import { withTempFolder } from "../support/temp.ts";

describe("memctl as a program", () => {
  const cli = fileURLToPath(new URL("../../cli.ts", import.meta.url));
  const [program, ...options] = ownRuntime;
  const start = (args: string[], input = "") =>
    spawnSync(program!, [...options, cli, ...args], { encoding: "utf8", input });

  it("records, draws what it recorded, and says how it went by its exit code", () =>
    withTempFolder((folder) => {
      const recorded = start(["watch", "--json", "--interval", "1", "--count", "3"]);
      assert.equal(recorded.status, 0, recorded.stderr);
      const chart = path.join(folder, "run.svg");
      const drawn = start(["plot", "-", "--output", chart], recorded.stdout);
      assert.deepEqual([drawn.status, drawn.stderr, drawn.stdout], [0, "", ""]);
      assert.equal(start(["plot", chart]).status, 2);
      assert.equal(start(["nonsense"]).status, 2);
      assert.equal(start(["plot", path.join(folder, "none")]).status, 1);
    }));

  /** Runs a command line of a shell, in which `run` is this program. */
  const shell = (script: string) =>
    spawnSync("sh", ["-c", `run() { ${quoted} "$@"; }; ${script}`], {
      encoding: "utf8",
      timeout: 60_000,
    });
  const quoted = [program!, ...options, cli].map((word) => `'${word}'`).join(" ");

  it("draws from standard input that comes slowly", () => {
    const { status, stdout, stderr } = shell(
      "run watch --json --interval 400 --count 3 | run plot -",
    );
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, /<polyline [^]*<\/svg>\n$/);
  });

  const full = { skip: !fs.existsSync("/dev/full") };
  for (
    const command of [
      "doctor",
      "watch --interval 1",
      "watch --interval 1 --count 2 --json",
      "plot - < $RECORDING",
      "--help",
    ]
  ) {
    it(
      `"${command}" says in one line that its output cannot be written`,
      full,
      () =>
        withTempFolder((folder) => {
          const file = path.join(folder, "run.jsonl");
          fs.writeFileSync(file, RECORDED);
          const { status, stderr } = shell(`RECORDING='${file}'; run ${command} > /dev/full`);
          assert.match(stderr, /^memctl: cannot write to standard output: .*no space left.*\n$/i);
          assert.equal(status, 1);
        }),
    );
  }

  it("ends without a word when its reader has had enough", () => {
    const { stdout, stderr } = shell("run watch --interval 1 | head -n 1");
    assert.deepEqual([stdout.split("\n").length, stderr], [2, ""]);
  });

  it("keeps its exit code when standard error cannot be written", full, () => {
    assert.equal(shell("run nonsense 2> /dev/full").status, 2);
  });
});
