// Heap snapshots in a real cgroup with a limit: they must not be what kills the
// process. Needs root and a writable memory hierarchy, version 1 or 2.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { MiB, type Share } from "../../mod.ts";
import { findRuntimes, type Runtime } from "../support/runtimes.ts";
import { withTempFolder } from "../support/temp.ts";
import { ChildGroup, type Ended, findHierarchy } from "./child_group.ts";
import type { SnapshotReport } from "./workloads/snapshots.ts";

const hierarchy = findHierarchy();
const { problem } = hierarchy;
if (problem !== undefined) console.error(`SKIPPED, heap snapshots in a cgroup: ${problem}`);

/** How to run the workload. */
interface Run {
  runtime: Runtime;
  /** MiB. */
  limit: number;
  folder: string;
  at: Share;
  /** MiB, or to 92 % of the limit. */
  live: number | "fill";
}

// The processes have a group each, and wait for most of their time.
describe("heap snapshots in a cgroup", { concurrency: 2 }, () => {
  if (problem !== undefined) {
    it("nothing is run", { skip: problem }, () => {});
    return;
  }
  for (const runtime of findRuntimes()) {
    for (
      const [title, at, live] of [
        ["live data fill 92 % of 300 MiB, at 90 %", "90%", "fill"],
        ["150 of 300 MiB are live, at 50 %", "50%", 150],
      ] as const
    ) {
      it(`do not get ${runtime.name} OOM-killed where ${title}`, () =>
        withTempFolder(async (folder) => {
          const run = { runtime, limit: 300, at, live };
          const [without, ended] = await Promise.all([
            start({ ...run, folder: "none" }),
            start({ ...run, folder }),
          ]);
          assert.equal(without.outcome, "finished", without.output);
          assert.equal(ended.outcome, "finished", ended.output);
          const { counters, warnings } = reportOf(ended);
          assert.equal(counters.snapshots, 0);
          assert.ok(counters.snapshotsSkipped > 0, ended.output);
          assert.match(warnings.join("\n"), /no heap snapshot, .* are left in the cgroup/);
          assert.deepEqual(fs.readdirSync(folder), []);
        }));
    }

    it(`are written by ${runtime.name} where there is room, and can be loaded`, () =>
      withTempFolder(async (folder) => {
        const ended = await start({ runtime, limit: 2_000, folder, at: "1.5%", live: 25 });
        assert.equal(ended.outcome, "finished", ended.output);
        assert.equal(reportOf(ended).counters.snapshots, 1, ended.output);
        const [name, ...others] = fs.readdirSync(folder);
        assert.deepEqual(others, []);
        const text = fs.readFileSync(path.join(folder, name!), "utf8");
        const { snapshot, nodes, edges, strings } = JSON.parse(text);
        // As a viewer reads it.
        assert.equal(nodes.length, snapshot.node_count * snapshot.meta.node_fields.length);
        assert.equal(edges.length, snapshot.edge_count * snapshot.meta.edge_fields.length);
        assert.ok(strings.length > 0);
      }));
  }
});

async function start({ runtime, limit, folder, at, live }: Run): Promise<Ended> {
  const { version, folder: parent } = hierarchy as typeof hierarchy & { problem?: never };
  const group = new ChildGroup(version, parent);
  try {
    group.forbidSwap();
    group.setLimit(limit * MiB);
    const program = fileURLToPath(new URL("workloads/snapshots.ts", import.meta.url));
    return await group.run(
      [...runtime.command, program, folder, at, String(live)],
      180_000,
    );
  } finally {
    await group.remove();
  }
}

function reportOf({ output }: Ended): SnapshotReport {
  const report = /^\{.*\}$/m.exec(output)?.[0];
  assert.ok(report !== undefined, output);
  return JSON.parse(report);
}
