// The samplers of one root: what they share, and what each says of itself.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openEngine } from "../../platform/engine.ts";
import { openLinuxSampler } from "../../platform/linux/linux_sampler.ts";
import { MEMINFO } from "../fixtures/cgroup_trees.ts";
import { MemoryIo } from "../support/memory_io.ts";

const FILES = { "proc/meminfo": MEMINFO, "proc/self/status": "VmRSS: 4096 kB\n" };
const engine = openEngine({});

describe("Linux samplers", () => {
  it("are named so", () => {
    const sampler = openLinuxSampler({ root: "" }, new MemoryIo(FILES), engine, false);
    assert.equal(sampler.adapter, "linux");
    sampler.close();
  });

  it("share the reader of this host, whether its root is named or not", () => {
    const io = new MemoryIo(FILES);
    const unnamed = openLinuxSampler({}, io, engine, false);
    const { length } = io.calls;
    const named = openLinuxSampler({ root: "/" }, io, engine, false);
    assert.equal(io.calls.length, length, "nothing is opened again");
    unnamed.close();
    assert.ok(io.unclosed > 0, "the other one needs it");
    named.close();
    assert.equal(io.unclosed, 0);
  });

  it("share a snapshot if they are joint and sample at once, and else never", () => {
    for (const joint of [true, false]) {
      const io = new MemoryIo(FILES);
      const [one, other] = [1, 2].map(() => openLinuxSampler({ root: "" }, io, engine, joint));
      let shared = 0;
      for (let i = 0; i < 1_000; i++) if (one!.sample() === other!.sample()) shared++;
      // Two samples of a thousand are less than a millisecond apart.
      assert.equal(shared > 0, joint, `${shared}`);
      one!.close();
      other!.close();
    }
  });

  it("say why nothing at all can be read", () => {
    const empty = openLinuxSampler({ root: "" }, new MemoryIo({}), engine, false);
    assert.equal(empty.problem, "/proc/meminfo does not exist");
    empty.close();
    const { "proc/meminfo": _, ...rest } = FILES;
    const some = openLinuxSampler({ root: "" }, new MemoryIo(rest), engine, false);
    assert.equal(some.problem, undefined);
    some.close();
  });
});
