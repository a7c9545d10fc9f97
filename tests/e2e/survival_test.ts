// Real processes in a real cgroup with a limit. Needs root and a writable
// memory hierarchy, version 1 or 2.

import assert from "node:assert/strict";
import os from "node:os";
import { describe, it } from "node:test";
import { GiB, MiB } from "../../mod.ts";
import { findRuntimes } from "../support/runtimes.ts";
import { findHierarchy } from "./child_group.ts";
import { survive, type Workload } from "./survival.ts";

const LIMIT = 300 * MiB;
const hierarchy = findHierarchy();
const { problem } = hierarchy;
if (problem !== undefined) console.error(`SKIPPED, survival in a cgroup: ${problem}`);

// The processes have a group each.
describe("in a group of 300 MiB", { concurrency: 2 }, () => {
  if (hierarchy.problem !== undefined) {
    it("nothing is run", { skip: problem ?? false }, () => {});
    return;
  }
  const runtimes = findRuntimes();

  it("has the three runtimes to run in", () => {
    assert.deepEqual(runtimes.map((runtime) => runtime.name), ["deno", "bun", "node"]);
  });

  for (const runtime of runtimes) {
    const run = (workload: Workload, mode: "bare" | "watchdog") =>
      survive({ runtime, workload, mode, limit: LIMIT, hierarchy, timeout: 180_000 });

    for (const workload of ["loop", "burst"] as const) {
      it(`${runtime.name} finishes the ${workload} with the watchdog`, async () => {
        const { outcome, output, counters } = await run(workload, "watchdog");
        assert.equal(outcome, "finished", output);
        assert.ok(counters !== undefined, output);
      });
    }

    it(`${runtime.name} with a leak is told that collecting cannot help, and does not spin`, async () => {
      const { outcome, output, counters } = await run("leak", "watchdog");
      assert.equal(outcome, "finished", output);
      const { forced, requested, ineffective, fired } = counters!;
      assert.ok(ineffective > 0, output);
      // In some 100 polls of a usage above the watermark.
      assert.ok(forced <= 10, output);
      assert.ok(requested <= 10, output);
      assert.equal(fired, forced + requested);
    });
  }

  it("deno does not finish the loop without it", {
    // V8 sizes its heap by the host. On a small host it collects in time.
    skip: os.totalmem() < 8 * GiB && "needs a host with 8 GiB",
  }, async () => {
    const deno = runtimes.find(({ name }) => name === "deno")!;
    const { outcome, output } = await survive({
      runtime: deno,
      workload: "loop",
      mode: "bare",
      limit: LIMIT,
      hierarchy,
      timeout: 60_000,
    });
    assert.notEqual(outcome, "finished", output);
  });
});
