// How the doctor explains the gap between the resident set and the heap.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Finding, findingsOf, type RuntimeName } from "../../src/cli/findings.ts";
import { MemInfo, type MemInfoInit, MiB } from "../../mod.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";

function find(
  change: MemInfoInit,
  runtime: RuntimeName,
  anonymous?: number,
): Finding | undefined {
  const init = { processRss: 300 * MiB, runtimeTotal: 40 * MiB, ...change };
  const { signals } = new ScenarioSampler(new ManualClock(), [{ ...init, at: 0 }]);
  return findingsOf(new MemInfo(init), signals, { runtime, environment: {}, anonymous })
    .find(({ id }) => id === "outside-heap");
}

describe("the gap between the resident set and the heap", () => {
  it("is explained by its parts where they are known", () => {
    assert.deepEqual(find({}, "bun", 250 * MiB), {
      id: "outside-heap",
      severity: "note",
      message: "260.0MiB of this process's 300.0MiB are outside the engine's heap: 50.0MiB are " +
        "program code and other files, and 210.0MiB are native memory and freed memory that the " +
        "allocator keeps",
      advice: "watchdog() of @x/memctl/watchdog returns what is free of it to the kernel",
    });
  });

  it("is explained in general where they are not", () => {
    assert.match(find({}, "node")!.message, /heap: program code, native memory, and freed memory/);
  });

  it("comes with what each runtime can do about it", () => {
    assert.match(find({}, "deno")!.advice!, /DENO_USR2_MEMORY_TRIM=1/);
    assert.match(find({}, "node")!.advice!, /MALLOC_ARENA_MAX=2/);
  });

  for (
    const [title, change] of [
      ["the heap is the larger part", { runtimeTotal: 150 * MiB }],
      ["the resident set is unknown", { processRss: undefined }],
      ["the heap is unknown", { runtimeTotal: undefined }],
    ] as const
  ) {
    it(`is not mentioned where ${title}`, () => {
      assert.equal(find(change, "deno"), undefined);
    });
  }
});
