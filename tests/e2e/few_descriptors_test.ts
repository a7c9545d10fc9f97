// A process in a real cgroup that runs out of file descriptors: in each
// runtime, with 0 to 10 of them left.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { MiB } from "../../mod.ts";
import type { FewDescriptors } from "../support/programs/few_descriptors.ts";
import { findRuntimes } from "../support/runtimes.ts";
import { ChildGroup, findHierarchy } from "./child_group.ts";

/** How much the program may allocate between two readings of the same figure. */
const SLACK = 16 * MiB;

const hierarchy = findHierarchy();
if (hierarchy.problem !== undefined) {
  console.error(`SKIPPED, few descriptors in a real cgroup: ${hierarchy.problem}`);
}
const program = fileURLToPath(
  new URL("../support/programs/few_descriptors.ts", import.meta.url),
);

async function runIn300MiB(command: string[]): Promise<FewDescriptors[]> {
  if (hierarchy.problem !== undefined) throw new Error(hierarchy.problem);
  const group = new ChildGroup(hierarchy.version, hierarchy.folder);
  try {
    group.setLimit(300 * MiB);
    const files = hierarchy.version === 1
      ? ["memory.limit_in_bytes", "memory.usage_in_bytes"]
      : ["memory.max", "memory.current"];
    const { outcome, output } = await group.run([
      ...["sh", "-c", 'ulimit -n 64; exec "$@"', "sh", ...command, program],
      ...files.map((file) => `${group.folder}/${file}`),
    ], 60_000);
    assert.equal(outcome, "finished", output);
    return JSON.parse(/^\[.*\]$/m.exec(output)![0]);
  } finally {
    await group.remove();
  }
}

describe("short of file descriptors, headroom is not above what the cgroup leaves", {
  skip: hierarchy.problem ?? false,
}, () => {
  for (const { name, command } of findRuntimes()) {
    it(`in ${name}`, async () => {
      const cases = await runIn300MiB(command);
      assert.equal(cases.length, 33);
      for (const { free, when, starved, reason, after, left } of cases) {
        const what = `${free} free, ${when}`;
        if (starved === undefined) {
          assert.equal(free, 0, `${what}: one descriptor is enough`);
          assert.notEqual(when, "later", `${what}: the files were open`);
          assert.match(reason!, /no file descriptor left to open .*: raise the limit/, what);
        } else {
          assert.ok(Math.abs(starved - left) <= SLACK, `${what}: ${starved} against ${left}`);
        }
        assert.ok(Math.abs(after! - left) <= SLACK, `${what}, then free: ${after}, not ${left}`);
      }
    });
  }
});
