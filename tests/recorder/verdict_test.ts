// How a run ended, by its last records and by what is known now.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MiB } from "../../mod.ts";
import type { RunInfo } from "../../src/recorder/header.ts";
import type { RunRecords } from "../../src/recorder/parse.ts";
import type { RecordedEvent, RecordedSample } from "../../src/recorder/run.ts";
import { type Facts, judge } from "../../src/recorder/verdict.ts";

/** What a run recorded: sizes in MiB, a sample each second. */
interface Scenario {
  /** Heap in use at each sample; the ceiling is 100. */
  heap?: number[];
  /** Working set of the cgroup at each sample; the limit is 200. */
  used?: number[];
  /** The counter of OOM kills at the last sample; `undefined`: unknown. */
  kills?: number;
  /** Events after the last sample, and exit codes. */
  after?: [RecordedEvent["kind"], number?][];
}

function recordsOf({ heap = [], used = [], kills, after = [] }: Scenario): RunRecords {
  const length = Math.max(1, heap.length, used.length);
  const samples = Array.from({ length }, (_, i) =>
    ({
      at: 1000 * (i + 1),
      heapUsed: heap[i] === undefined ? undefined : heap[i]! * MiB,
      cgroupLimit: used[i] === undefined ? Infinity : 200 * MiB,
      cgroupWorkingSet: used[i] === undefined ? undefined : used[i]! * MiB,
      oomKill: kills,
    }) as RecordedSample);
  const lastAt = 1000 * length + after.length;
  const trailing = after.map(([kind, code], i): RecordedEvent => ({
    at: 1000 * length + 1 + i,
    kind,
    text: kind === "exception" ? "Error: x" : "",
    ...(code !== undefined && { code }),
  }));
  return { run: 1, samples, events: trailing, trailing, lastAt };
}

const INFO = { interval: 1000, heapCeiling: 100 * MiB } as RunInfo;
const GONE: Facts = { alive: false, oomKill: undefined, now: 1e9 };

/** The kind of the end, with "?" if it is inferred. */
function kindOf(scenario: Scenario, facts: Partial<Facts> = {}, info: RunInfo = INFO): string {
  const { kind, inferred } = judge(recordsOf(scenario), info, { ...GONE, ...facts });
  return kind + (inferred ? "?" : "");
}

describe("the end of a run", () => {
  for (
    const [kind, title, scenario, facts] of [
      ["clean", "stop()", { after: [["stop"]] }],
      ["clean", "an exit with code 0", { after: [["exit", 0]] }],
      ["clean", "an exit whose code is not known", { after: [["exit"]] }],
      ["clean", "an exit near the heap limit", { heap: [99], after: [["exit", 0]] }],
      [
        "clean",
        "an exit, and a kill of another process since",
        { kills: 0, after: [["exit", 0]] },
        {
          oomKill: 1,
        },
      ],
      ["clean", "an exit with code 0 after an error that was handled", {
        after: [["exception"], ["exit", 0]],
      }],
      ["exit", "an exit with another code", { after: [["level"], ["exit", 3]] }],
      ["exception", "an error", { after: [["exception"]] }],
      ["exception", "an error, then the exit that it causes", {
        after: [["exception"], ["exit", 1]],
      }],
      ["running", "a process that runs", { heap: [99] }, { alive: true }],
      ["running?", "a fresh record of a process that cannot be seen", {}, {
        alive: undefined,
        now: 3000,
      }],
      ["unknown", "an old record of a process that cannot be seen", {}, { alive: undefined }],
      ["oom-kill", "a counter that rose", { kills: 2 }, { oomKill: 3 }],
      ["oom-kill", "a counter that rose, near the heap limit", { kills: 0, heap: [99] }, {
        oomKill: 1,
      }],
      ["unknown", "a counter that did not rise", { kills: 2 }, { oomKill: 2 }],
      ["unknown", "a counter that did not rise, at the cgroup's limit", { kills: 2, used: [199] }, {
        oomKill: 2,
      }],
      ["heap-limit?", "the heap at its limit", { heap: [60, 80, 95] }],
      ["heap-limit?", "the heap near its limit, and growing fast enough", { heap: [30, 60] }],
      ["unknown", "a heap that had grown before, and does not now", { heap: [60, 60, 60] }],
      ["heap-limit?", "the heap at its limit, no OOM kill by the counters, a full cgroup", {
        heap: [95],
        used: [199],
        kills: 0,
      }, { oomKill: 0 }],
      ["oom-kill?", "a full cgroup whose counters are gone", { used: [150, 195] }],
      ["oom-kill?", "a cgroup that grows towards its limit", { used: [140, 170] }],
      ["oom-kill?", "a cgroup nearer to its limit than the heap", { heap: [92], used: [199] }],
      ["heap-limit?", "a heap nearer to its limit than the cgroup", { heap: [99], used: [191] }],
      ["unknown", "plenty of memory", { heap: [20, 20], used: [50, 50] }],
      ["unknown", "no sample of anything", {}],
    ] as [string, string, Scenario, Partial<Facts>?][]
  ) {
    it(`is called ${kind}: ${title}`, () => assert.equal(kindOf(scenario, facts), kind));
  }

  it("is never a heap limit where the engine has none", () => {
    assert.equal(kindOf({ heap: [5000] }, {}, { interval: 1000 } as RunInfo), "unknown");
  });

  it("comes with its reason, code and error", () => {
    const of = (scenario: Scenario, facts: Partial<Facts> = {}) =>
      judge(recordsOf(scenario), INFO, { ...GONE, ...facts });
    assert.deepEqual(of({ after: [["exception"], ["exit", 7]] }), {
      kind: "exception",
      inferred: false,
      at: 1001,
      code: 7,
      error: "Error: x",
      reason: "nobody caught an error",
    });
    assert.match(
      of({ kills: 1 }, { oomKill: 2 }).reason,
      /oom_kill of its cgroup rose from 1 to 2/,
    );
    assert.match(
      of({ heap: [95], kills: 4 }, { oomKill: 4 }).reason,
      /stayed at 4, and the heap had 95\.0MiB of 100\.0MiB/,
    );
    assert.match(
      of({ used: [199] }).reason,
      /used 199\.0MiB of 200\.0MiB .* its counters are gone/,
    );
  });
});
