// The automatic start of the watchdog under a real limit, by each runtime's own
// flag and by `memctl exec --watchdog`. Needs root and a writable memory hierarchy.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { MiB } from "../../mod.ts";
import { findRuntimes, type Runtime } from "../support/runtimes.ts";
import { ChildGroup, type Ended, findHierarchy } from "./child_group.ts";

const LIMIT = 300 * MiB;
const hierarchy = findHierarchy();
const { problem } = hierarchy;
if (problem !== undefined) console.error(`SKIPPED, the automatic start: ${problem}`);

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const auto = here("../../auto.ts");
const cli = here("../../cli.ts");
const loop = here("workloads/loop.ts");

/** What starts a program in this runtime with auto.ts before it. */
const PRELOADED: Record<Runtime["name"], (command: string[]) => string[]> = {
  deno: ([deno, ...flags]) => [deno!, ...flags, `--preload=${auto}`],
  bun: (command) => [...command, "--preload", auto],
  node: (command) => [...command, "--import", auto],
};

async function run(command: string[], limit: number | "max"): Promise<Ended> {
  if (hierarchy.problem !== undefined) throw new Error(hierarchy.problem);
  const group = new ChildGroup(hierarchy.version, hierarchy.folder);
  try {
    group.forbidSwap();
    group.setLimit(limit);
    return await group.run(
      ["env", "MEMCTL_LOG=debug", "MEMCTL_WATERMARKS=20%", ...command],
      180_000,
    );
  } finally {
    await group.remove();
  }
}

// The processes have a group each.
describe("@x/memctl/auto", { concurrency: 2, skip: problem ?? false }, () => {
  for (const { name, command } of findRuntimes()) {
    const preloaded = PRELOADED[name](command);
    const byExec = [...command, cli, "exec", "--watchdog", "--", ...command];

    it(`collects the garbage of a loop in ${name}`, async () => {
      const { outcome, output } = await run([...preloaded, loop, "bare", "200"], LIMIT);
      assert.equal(outcome, "finished", output);
      assert.match(output, /memctl: watchdog: follows the cgroup, limit 314572800 bytes/);
      assert.match(output, /memctl: watchdog: (a collection freed|.* asks the engine)/);
    });

    it(`does nothing in ${name} without a limit`, async () => {
      const { outcome, output } = await run([...preloaded, loop, "bare", "1"], "max");
      assert.equal(outcome, "finished", output);
      assert.match(output, /memctl: the watchdog is not started: there is no memory limit/);
    });

    it(`is what memctl exec --watchdog starts in ${name}`, async () => {
      const { outcome, output } = await run([...byExec, loop, "bare", "1"], LIMIT);
      assert.equal(outcome, "finished", output);
      assert.match(output, /memctl: watchdog: follows the cgroup, limit 314572800 bytes/);
    });

    it(`is not added by memctl exec in ${name} without a limit`, async () => {
      const { outcome, output } = await run([...byExec, loop, "bare", "1"], "max");
      assert.equal(outcome, "finished", output);
      assert.doesNotMatch(output, /the watchdog is not started/);
    });
  }
});
