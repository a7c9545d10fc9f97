// Whether there is room for a heap snapshot, at the bounds.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { snapshotNeeds } from "../../platform/heap_snapshot.ts";
import { GiB, MiB } from "../../src/bytes.ts";
import { MemInfo, type MemInfoInit } from "../../src/mem_info.ts";
import { readSnapshots } from "../../src/watchdog/settings.ts";
import { SnapshotTaker } from "../../src/watchdog/snapshots.ts";
import { withTempFolder } from "../support/temp.ts";

const HEAP = 10 * MiB;
const high = { used: 1, limit: 1 };

/** A roomy place, with changes. */
const place = (changes: MemInfoInit) =>
  new MemInfo({
    cgroupLimit: 64 * GiB,
    cgroupCurrent: 0,
    systemAvailable: 64 * GiB,
    heapUsed: HEAP,
    ...changes,
  });

// Bun tells at each call anew what a snapshot may take.
const isBun = "Bun" in globalThis && "needs a figure that stays";

describe("room for a heap snapshot", () => {
  it(
    "is enough where exactly as much as it may take is left",
    { skip: isBun },
    () =>
      withTempFolder((directory) => {
        const needs = snapshotNeeds(HEAP);
        for (const bound of ["cgroupLimit", "systemAvailable"] as const) {
          const snapshots = new SnapshotTaker(readSnapshots({ directory }, "cgroup")!, {});
          snapshots.look(high, place({ [bound]: needs - 1 }));
          assert.equal(snapshots.taken, 0, bound);
          snapshots.look(high, place({ [bound]: needs }));
          assert.equal(snapshots.taken, 1, bound);
        }
      }),
  );

  it("is missing in the host where the cgroup's limit is unknown", () =>
    withTempFolder((directory) => {
      const log: string[] = [];
      const warn = (message: string) => log.push(message);
      const snapshots = new SnapshotTaker(readSnapshots({ directory }, "cgroup")!, { warn });
      snapshots.look(high, place({ cgroupLimit: undefined, systemAvailable: MiB }));
      assert.match(log[0]!, /1\.0MiB are left in the host$/);
    }));
});

describe("heap snapshots without a logger", () => {
  it("are taken, left out and given up in silence", () =>
    withTempFolder((root) => {
      const directory = path.join(root, "folder");
      const snapshots = new SnapshotTaker(readSnapshots({ directory }, "cgroup")!, {});
      snapshots.look(high, place({ systemAvailable: MiB }));
      snapshots.look(high, place({}));
      assert.deepEqual([snapshots.taken, snapshots.skipped], [1, 1]);
      fs.rmSync(directory, { recursive: true });
      snapshots.look({ used: 0, limit: 1 }, place({}));
      snapshots.look(high, place({}));
      assert.deepEqual([snapshots.taken, snapshots.skipped], [1, 2]);
    }));
});
