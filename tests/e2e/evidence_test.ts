// Evidence in a real cgroup: it must be on disk before the kernel kills. Needs
// root and a writable memory hierarchy, version 1 or 2. `deno task
// bench:evidence` runs it more often, and slower.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findRuntimes } from "../support/runtimes.ts";
import { findHierarchy } from "./child_group.ts";
import { runToTheKill } from "./evidence.ts";

const hierarchy = findHierarchy();
const { problem } = hierarchy;
if (problem !== undefined) console.error(`SKIPPED, evidence in a cgroup: ${problem}`);

// The processes have a group each, and wait for most of their time.
describe("evidence in a cgroup of 256 MiB", { concurrency: 2 }, () => {
  if (hierarchy.problem !== undefined) {
    it("nothing is run", { skip: problem }, () => {});
    return;
  }
  for (const runtime of findRuntimes()) {
    it(`is complete before the kernel kills ${runtime.name}`, async () => {
      const { outcome, output, found, others, live, liveAtEvidence } = await runToTheKill(
        hierarchy,
        { runtime, kind: "objects", limit: 256, live: 140, rate: 20 },
      );
      assert.equal(outcome, "killed", output);
      assert.deepEqual(others, []);
      assert.equal(found.length, 1, output);
      const { report, profile } = found[0]!;
      assert.equal(report.complete, true);
      assert.ok(report.used >= report.threshold && report.biggest.length > 0);
      if (runtime.name === "bun") assert.ok(report.objectTypes!.Object! > 100_000);
      else assert.ok(profile!.samples.length > 10, JSON.stringify(report.profile));
      assert.ok(live > liveAtEvidence && liveAtEvidence > 0, "it went on for a while");
    });
  }
});
