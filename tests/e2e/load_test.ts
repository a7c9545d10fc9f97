// A server under far more load than its group has memory for. Needs root and a
// writable memory hierarchy, version 1 or 2.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findRuntimes } from "../support/runtimes.ts";
import { findHierarchy } from "./child_group.ts";
import { load } from "./load.ts";

/** Milliseconds. All clients have joined after three seconds. */
const DURATION = 4_000;
/** Milliseconds: so long that the memory is in use at once on a slow host too. */
const WAIT = 1_000;

const hierarchy = findHierarchy();
const { problem } = hierarchy;
if (problem !== undefined) console.error(`SKIPPED, load in a cgroup: ${problem}`);

describe("a server that holds 5 MB per request in 512 MiB", () => {
  if (hierarchy.problem !== undefined) {
    it("nothing is run", { skip: problem ?? false }, () => {});
    return;
  }
  for (const runtime of findRuntimes()) {
    it(`in ${runtime.name} is OOM-killed or stuck without load shedding, and never with it`, async () => {
      const bare = await load(runtime, "bare", hierarchy, DURATION, WAIT);
      assert.notEqual(bare.outcome, "finished", JSON.stringify(bare));

      const shed = await load(runtime, "shed", hierarchy, DURATION, WAIT);
      assert.equal(shed.outcome, "finished", JSON.stringify(shed));
      assert.deepEqual(Object.keys(shed.answers).toSorted(), ["200", "503"]);
      assert.ok(shed.answers["200"]! > (bare.answers["200"] ?? 0), JSON.stringify([bare, shed]));
    });
  }
});
