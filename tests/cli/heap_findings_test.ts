// The doctor's advice, in the words of the runtime.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { heapFindings, type Subject } from "../../src/cli/heap_findings.ts";
import { MemInfo, type MemInfoInit, MiB, type Signals } from "../../mod.ts";
import { plan } from "../../plan.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";

const INIT: MemInfoInit = { cgroupLimit: 300 * MiB, cgroupCurrent: 50 * MiB, heapLimit: 4e9 };

function find(
  subject: Partial<Subject>,
  change: MemInfoInit = {},
  signals: Partial<Signals> = {},
) {
  const init = { ...INIT, ...change };
  const scenario = new ScenarioSampler(new ManualClock(), [{ ...init, at: 0 }]);
  const all = { ...scenario.signals, ...signals };
  return heapFindings(new MemInfo(init), all, { runtime: "node", environment: {}, ...subject });
}

describe("the advice of the doctor", () => {
  const variables = { node: "NODE_OPTIONS", deno: "DENO_V8_FLAGS", bun: "BUN_JSC_forceRAMSize" };
  for (const [name, variable] of Object.entries(variables)) {
    const runtime = name as keyof typeof variables;
    it(`is the plan's for ${runtime}: each variable with its value and reason`, () => {
      const [finding] = find({ runtime }, runtime === "bun" ? { heapLimit: undefined } : {});
      const planned = plan(300 * MiB, { runtime }).runtimes[runtime]!;
      assert.deepEqual(finding!.settings, planned.environment);
      assert.equal(finding!.settings![0]!.name, variable);
      assert.match(
        finding!.advice!,
        /^Set these variables before it starts, as "memctl exec -- COM/,
      );
      assert.match(finding!.advice!, /\. Or collect in time, with watchdog\(\)/);
    });
  }

  it("is for the throttle limit where that is lower", () => {
    const limit = { available: true, source: "x", throttleAt: 200 * MiB };
    const [finding] = find({}, {}, { cgroupLimit: limit });
    const planned = plan(200 * MiB, { runtime: "node" }).runtimes.node!;
    assert.deepEqual(finding!.settings, planned.environment);
    assert.match(finding!.message, /of the container's 200\.0MiB/);
  });

  it("keeps what the user has set, and names it", () => {
    const environment = {
      NODE_OPTIONS: "--max-old-space-size=4000",
      MALLOC_ARENA_MAX: "1",
      MALLOC_TRIM_THRESHOLD_: "1",
    };
    const [finding] = find({ environment });
    assert.equal(finding!.id, "heap-above-container");
    assert.match(finding!.advice!, /already is kept \(NODE_OPTIONS: --max-old-space-size=4000, /);
    const names = finding!.settings!.map(({ name, value }) => `${name}=${value}`);
    assert.match(names.join(), /^NODE_OPTIONS=[^,]*--max-semi-space-size=\d+(,|$)/);
  });

  it("is none where the plan is followed", () => {
    const { heap, young } = plan(300 * MiB, { runtime: "deno" }).runtimes.deno!;
    assert.deepEqual(find({ runtime: "deno" }, { heapLimit: heap + young }), []);
    const ram = { BUN_JSC_forceRAMSize: "1000" };
    assert.deepEqual(find({ runtime: "bun", environment: ram }, { heapLimit: undefined }), []);
    const smol = { BUN_OPTIONS: "--smol" };
    assert.deepEqual(find({ runtime: "bun", environment: smol }, { heapLimit: undefined }), []);
  });

  it("is none without a limit, without a runtime, or without a figure", () => {
    assert.deepEqual(find({}, { cgroupLimit: Infinity }), []);
    assert.deepEqual(find({ runtime: undefined }), []);
    assert.deepEqual(find({}, { heapLimit: undefined }), []);
  });

  it("names the smallest limit where nothing fits", () => {
    const [finding] = find({}, { cgroupLimit: 20 * MiB });
    assert.deepEqual([finding!.id, finding!.severity], ["limit-too-small", "problem"]);
    assert.match(finding!.message, /^the limit must be at least \d+\.0MiB for node/);
  });

  it("is a note for another process, whose heap is out of sight", () => {
    const reason = "the heap of another process cannot be read from outside";
    const heapLimit = { available: false, source: "heap", reason };
    const [finding] = find({ runtime: "deno" }, { heapLimit: undefined }, { heapLimit });
    assert.deepEqual([finding!.id, finding!.severity], ["heap-from-outside", "note"]);
    assert.match(finding!.message, /heap of Deno .* cannot be seen from outside/);
    assert.equal(finding!.settings![0]!.name, "DENO_V8_FLAGS");
    assert.doesNotMatch(finding!.advice!, /watchdog/);
  });
});
