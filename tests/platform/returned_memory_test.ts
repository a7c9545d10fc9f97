// Memory returned to the kernel, by real processes. SIGUSR2 ends a process that
// does not listen for it.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { MiB } from "../../src/bytes.ts";
import { ownRuntime } from "../support/own_runtime.ts";
import type { ReturnedMemory } from "../support/programs/return_memory.ts";

const program = fileURLToPath(new URL("../support/programs/return_memory.ts", import.meta.url));
const isDeno = "Deno" in globalThis;
const isBun = "Bun" in globalThis;
const linux = process.platform === "linux" ? false : "asserts what Linux gives";

function run(environment: Record<string, string>, args: string[], deno = ["-A"]): ReturnedMemory {
  const [command, ...rest] = isDeno
    ? [process.execPath, "run", "--no-lock", "--no-prompt", ...deno]
    : ownRuntime;
  const { DENO_USR2_MEMORY_TRIM: _, ...others } = process.env;
  // By way of a shell: Deno's own spawn() adds permissions to a deno it starts.
  const line = [command!, ...rest, program, ...args].map((word) => `'${word}'`).join(" ");
  const { stdout, stderr, status, signal } = spawnSync("sh", ["-c", line], {
    encoding: "utf8",
    env: { ...others, ...environment },
    timeout: 60_000,
  });
  assert.deepEqual([status, signal], [0, null], `${stdout}${stderr}`);
  return JSON.parse(stdout);
}

const VARIABLE = { DENO_USR2_MEMORY_TRIM: "1" };

describe("memory is returned to the kernel", { skip: linux }, () => {
  it("by Deno, where it was told so at the start", { skip: !isDeno && "for Deno" }, () => {
    const { name, before, after } = run(VARIABLE, []);
    assert.equal(name, "SIGUSR2");
    assert.ok(before! - after! > 40 * MiB, `${before! / MiB} ${after! / MiB}`);
  });

  it("by Bun", { skip: !isBun && "for Bun" }, () => {
    const { name, before, after } = run({}, []);
    assert.equal(name, "Bun.gc(true)");
    assert.ok(after! < before!, `${before! / MiB} ${after! / MiB}`);
  });
});

describe("SIGUSR2 is not sent", { skip: linux }, () => {
  for (const args of [[], ["listen"]]) {
    it(`to Node or Bun, whatever the environment says${args.length ? ", if it listens" : ""}`, {
      skip: isDeno && "not for Deno",
    }, () => {
      const found = run(VARIABLE, args);
      assert.equal(found.heard, 0);
      assert.notEqual(found.name, "SIGUSR2");
      if (!isBun) assert.equal(found.problem, "this runtime has no call for it");
    });
  }

  for (
    const [title, environment, args, permissions, reason] of [
      ["without the variable", {}, [], ["-A"], /was not in the environment at the start/],
      ["if the program sets it", {}, ["variable"], ["-A"], /was not in the environment/],
      ["if only the program listens", {}, ["listen"], ["-A"], /was not in the environment/],
      ["if the program listens too", VARIABLE, ["listen"], ["-A"], /has its own listener/],
      ["without permission for /proc", VARIABLE, [], ["--allow-run"], /needs --allow-all/],
      ["without permission to send one", VARIABLE, [], ["-A", "--deny-run"], /Deno needs/],
    ] as const
  ) {
    it(`to Deno ${title}`, { skip: !isDeno && "for Deno" }, () => {
      const found = run(environment, [...args], [...permissions]);
      assert.match(found.problem!, reason);
      assert.equal(found.heard, 0);
    });
  }
});
