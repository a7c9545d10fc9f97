// Whether the runtime that runs this test does what its plan says.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { GiB, MiB } from "../../mod.ts";
import { plan } from "../../plan.ts";
import { ownRuntime } from "../support/own_runtime.ts";

const runtime = "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node";
const program = fileURLToPath(new URL("../support/programs/heap_limit.ts", import.meta.url));

function run(env: Record<string, string>, args: string[] = []) {
  const [file, ...options] = ownRuntime;
  return spawnSync(file!, [...options, ...args, program], {
    encoding: "utf8",
    env: { ...process.env, ...env },
    timeout: 60_000,
  });
}

const variables = (settings: readonly { name: string; value: string }[]) =>
  Object.fromEntries(settings.map(({ name, value }) => [name, value]));

describe(`the plan for ${runtime}`, () => {
  it("is accepted without a word, as variables and as flags", () => {
    for (const limit of [128 * MiB, 512 * MiB, 4 * GiB]) {
      const { environment, flags } = plan(limit, { runtime }).runtimes[runtime]!;
      const asFlags = flags.map(({ name, value }) => `${name}=${value}`);
      for (const { status, stderr } of [run(variables(environment)), run({}, asFlags)]) {
        assert.deepEqual([status, stderr], [0, ""]);
      }
    }
  });

  it("limits the heap of the main thread and of workers", { skip: runtime === "bun" }, () => {
    for (const limit of [128 * MiB, 300 * MiB, 1024 * MiB]) {
      const { environment, heap, young } = plan(limit, { runtime }).runtimes[runtime]!;
      const { stdout } = run(variables(environment));
      for (const actual of JSON.parse(stdout)) {
        assert.ok(actual >= heap && actual <= heap + young + 4 * MiB, `${actual} of ${heap}`);
      }
    }
  });
});
