// A sampler of this host that takes its time, as that of macOS does. Off macOS
// it has no headroom to tell, which does not matter here.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemInfo } from "../../mod.ts";
import { SampledMemory } from "../../src/http/sampled_memory.ts";
import { ManualClock } from "../../testing.ts";

describe("a sample that comes later", () => {
  it("counts as one, and the rest of its fields as its completion", async () => {
    const settings = {
      sampler: undefined,
      sampling: { adapter: "darwin" },
      maxAge: 10,
      fields: ["headroom"],
    } as const;
    let arrived: (seen: [rss: boolean, isCompletion: boolean]) => void = () => {};
    const next = () => new Promise<[boolean, boolean]>((resolve) => arrived = resolve);
    const memory = new SampledMemory(settings, new ManualClock(), {
      onSample: ({ processRss }: MemInfo, isCompletion) =>
        arrived([processRss !== undefined, isCompletion]),
      onError: (error) => assert.fail(String(error)),
    });
    assert.equal(memory.complete(0), false, "there is none to complete");
    const first = next();
    memory.refresh(0, Infinity);
    assert.equal(memory.info, undefined);
    assert.deepEqual(await first, [false, false]);
    const rest = next();
    assert.equal(memory.complete(0), true);
    assert.deepEqual(await rest, [true, true]);
    assert.equal(memory.complete(0), false);
    const second = next();
    memory.refresh(10, Infinity);
    assert.deepEqual(await second, [false, false]);
    memory.close();
  });
});
