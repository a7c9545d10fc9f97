import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  LoadShedder,
  type MemInfoInit,
  type Pass,
  type RequestLike,
  type ShedRules,
} from "../../http.ts";
import { MiB } from "../../mod.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";
import { left, LIMIT, outcome, scripted } from "../support/scripted_shedder.ts";

describe("LoadShedder.admit()", () => {
  it("rejects requests below the threshold until headroom is 1.5 × the threshold", () => {
    const { clock, shedder } = scripted({ 0: 100, 100: 63, 200: 90, 300: 97 }, {
      headroom: 64 * MiB,
    });
    const seen = [0, 100, 200, 300].map((at) => {
      clock.tick(at - clock.now());
      return outcome(shedder.admit({ url: "/" }));
    });
    assert.deepEqual(seen, [true, "headroom", "headroom", true]);
    assert.deepEqual([shedder.admitted, shedder.rejected], [2, 2]);
  });

  it("by default rejects requests below a tenth of the limit", () => {
    assert.equal(outcome(scripted({ 0: 51 }).shedder.admit({})), true);
    const { shedder } = scripted({ 0: 49 });
    assert.equal(outcome(shedder.admit({})), "headroom");
    assert.equal(shedder.level, "short");
  });

  it("lets everything in where headroom is unknown", () => {
    const clock = new ManualClock();
    const sampler = new ScenarioSampler(clock, [{ at: 0 }]);
    const shedder = new LoadShedder({ sampler, clock, perRequest: 1 });
    assert.equal(outcome(shedder.admit(new Request("http://x/"))), true);
  });

  it("caps requests in flight by the level", () => {
    const { clock, shedder } = scripted({ 0: 300, 100: 90 }, {
      inFlight: 4,
      levels: { low: { enter: 100 * MiB, exit: 150 * MiB, inFlight: 2 } },
    });
    const many = Array.from({ length: 6 }, () => shedder.admit({}));
    assert.deepEqual(many.map(outcome), [true, true, true, true, "inFlight", "inFlight"]);
    assert.equal(shedder.inFlight, 4);
    clock.tick(100);
    for (const admission of many.slice(0, 2)) (admission as Pass).release();
    (many[0] as Pass).release();
    assert.equal(shedder.inFlight, 2);
    assert.equal(outcome(shedder.admit({})), "inFlight");
    assert.equal(shedder.level, "low");
    (many[2] as Pass).release();
    assert.equal(outcome(shedder.admit({})), true);
  });

  it("rejects requests of less priority first", () => {
    const { shedder } = scripted({ 0: 90 }, {
      levels: {
        low: { enter: 100 * MiB, exit: 150 * MiB, priority: 1 },
        critical: { enter: 20 * MiB, exit: 50 * MiB, inFlight: 0 },
      },
      priority: ({ url }) => url === "/pay" ? 2 : url === "/odd" ? NaN : 0,
    });
    assert.equal(outcome(shedder.admit({ url: "/browse" })), "priority");
    assert.equal(outcome(shedder.admit({ url: "/pay" })), true);
    assert.throws(() => shedder.admit({ url: "/odd" }), /'priority' must be a number.*NaN/);
  });

  it("rejects requests above a given resident set and heap size", () => {
    const decide = (moment: MemInfoInit, options: ShedRules<RequestLike>) => {
      const clock = new ManualClock();
      const sampler = new ScenarioSampler(clock, [{ ...LIMIT, ...left(400), ...moment, at: 0 }]);
      const shedder = new LoadShedder({ sampler, clock, collect: false, ...options });
      const decided = outcome(shedder.admit({}));
      assert.equal(shedder.rejectsAll, decided !== true);
      return decided;
    };
    const process = { processRss: 90, heapUsed: 60, heapLimit: 100 };
    assert.equal(decide(process, { maxRss: 90, maxHeapUsed: 60 }), true);
    assert.equal(decide(process, { maxRss: 89 }), "rss");
    assert.equal(decide(process, { maxHeapUsed: 59 }), "heapUsed");
    assert.equal(decide(process, { maxHeapUsed: "50%" }), "heapUsed");
    assert.equal(decide(process, { maxHeapUsed: "60%" }), true);
    assert.equal(
      decide({ heapUsed: 60 }, { maxHeapUsed: "50%" }),
      true,
      "a share of an unknown whole",
    );
  });

  it("tells each rejection, and lets everything in once closed", () => {
    const told: unknown[] = [];
    const { sampler, shedder } = scripted({ 0: 1 }, {
      onRejected: ({ url }, reason, info) => told.push([url, reason, info!.headroom()]),
    });
    shedder.admit({ url: "/x" });
    assert.deepEqual(told, [["/x", "headroom", MiB]]);
    shedder.close();
    assert.equal(outcome(shedder.admit({})), true);
    assert.equal(sampler.closed, false, "it was given, so it stays open");
  });
});
