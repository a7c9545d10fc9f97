// The option `limit` where a part of the module opens its own sampler.

import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { MiB, openSampler, sample, samples, watch } from "../mod.ts";
import { healthReport, LoadShedder } from "../http.ts";
import { ManualClock } from "../testing.ts";
import { cgroupDriven, heapDriven, systemDriven, watchdog } from "../watchdog.ts";
import { forcedOptions } from "./support/adapter.ts";

/** Any process uses more than this. */
const limit = 1 * MiB;
/** The adapter of macOS takes its time, and what starts then knows no figure yet. */
const direct = process.platform === "darwin" ? { adapter: "runtime" } as const : forcedOptions;
const options = { ...direct, limit };

const starts: Record<string, (limit: never) => unknown> = {
  openSampler: (limit) => openSampler({ limit }),
  sample: (limit) => sample({ limit }),
  watch: (limit) => watch({ interval: 1, limit }, () => {}),
  samples: (limit) => samples({ interval: 1, limit }),
  watchdog: (limit) => watchdog({ limit }),
  "watchdog that follows the heap": (limit) => watchdog({ limit, heapLimit: 1 }),
  cgroupDriven: (limit) => cgroupDriven({ limit }),
  LoadShedder: (limit) => new LoadShedder({ limit }),
};

describe("a limit that is not one", () => {
  const rows: [unknown, string, RegExp][] = [
    [0, "RangeError", /^'limit' must be at least 1 byte and finite: current value is 0$/],
    [-1, "RangeError", /at least 1 byte.*: current value is -1$/],
    [0.5, "RangeError", /at least 1 byte.*: current value is 0.5$/],
    [NaN, "RangeError", /finite: current value is NaN$/],
    [Infinity, "RangeError", /finite: current value is Infinity$/],
    ["lots", "TypeError", /^'limit' must be a number of bytes, such as .*: .* is "lots"$/],
    ["512M", "TypeError", /512 \* MiB: current value is "512M"$/],
    [null, "TypeError", /a number of bytes.*: current value is null$/],
    [5n, "TypeError", /a number of bytes.*: current value is 5$/],
  ];
  for (const [value, name, message] of rows) {
    it(`is refused everywhere: ${typeof value} ${value}`, async () => {
      for (const [title, start] of Object.entries(starts)) {
        const refused = async () => await start(value as never);
        await assert.rejects(refused, { name, message }, title);
      }
    });
  }
});

describe("a stated limit", () => {
  it("is that of the snapshots of a watch", async () => {
    const stop = new AbortController();
    await watch({ ...options, interval: 1, immediate: true, signal: stop.signal }, (info) => {
      stop.abort();
      assert.equal(info.cgroupLimit, limit);
      assert.equal(info.headroom(), 0);
    });
    for await (const info of samples({ ...options, interval: 1, immediate: true })) {
      assert.equal(info.cgroupLimit, limit);
      break;
    }
    assert.equal((await sample({ ...options, fields: ["headroom"] })).headroom(), 0);
  });

  for (const [title, start] of Object.entries({ watchdog, cgroupDriven })) {
    it(`is followed by ${title}(), which collects`, () => {
      const clock = new ManualClock();
      let collected = 0;
      const dog = start({ ...options, clock, gc: () => collected++, policy: () => ({ next: 0 }) });
      assert.deepEqual([dog.scope, dog.limit], ["cgroup", limit]);
      clock.tick(100);
      dog.stop();
      assert.ok(collected > 0);
    });
  }

  it("does not count for a watchdog where it is above host memory", async () => {
    const total = (await sample(direct)).systemTotal;
    if (total === undefined) return;
    const above = { ...direct, limit: 2 * total, gc: () => {} };
    const { cgroupLimit } = await sample(direct);
    if (cgroupLimit !== undefined && cgroupLimit !== Infinity) return;
    assert.throws(() => cgroupDriven(above), { name: "NotSupportedError" });
  });

  it("is not what heapDriven() and systemDriven() call their limit", async () => {
    const { heapUsed } = await sample(direct);
    const gc = () => {};
    const heap = heapDriven({ ...direct, gc, limit: 2 * heapUsed!, growth: false });
    assert.deepEqual([heap.scope, heap.limit], ["heap", 2 * heapUsed!]);
    heap.stop();
    const both = watchdog({ ...options, gc, heapLimit: 2 * heapUsed! });
    assert.deepEqual([both.scope, both.limit], ["heap", 2 * heapUsed!]);
    both.stop();
    try {
      const system = systemDriven({ ...options, gc });
      assert.deepEqual([system.scope, system.limit], ["system", limit]);
      system.stop();
    } catch (error) {
      // The runtime's own figures may not have that of the host.
      assert.equal((error as Error).name, "NotSupportedError");
    }
  });

  it("makes a load shedder reject, and its health report tell", () => {
    const shedder = new LoadShedder({ ...options, collect: false, trial: false });
    const report = healthReport(shedder);
    shedder.close();
    assert.equal(report.limit, limit);
    assert.equal(report.headroom, 0);
    assert.equal(report.status, "fail");
  });
});
