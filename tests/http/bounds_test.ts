import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LoadShedder, type RequestLike, type ShedRules } from "../../http.ts";
import { MiB } from "../../mod.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";

const LIMIT = 500 * MiB;

/** A shedder in a container with this much headroom, in bytes. */
function shedder(headroom: number, options: ShedRules<RequestLike>) {
  const clock = new ManualClock();
  const sampler = new ScenarioSampler(clock, [
    { at: 0, cgroupLimit: LIMIT, cgroupCurrent: LIMIT - headroom },
  ]);
  return {
    clock,
    shedder: new LoadShedder<RequestLike>({ sampler, clock, collect: false, ...options }),
  };
}

/** `true`, or why not. */
function admit(tested: LoadShedder<RequestLike>, url = "/"): true | string {
  const admission = tested.admit({ url });
  return admission.admitted || admission.reason;
}

describe("the bounds of load shedding", () => {
  it("a request whose priority is that of the level is admitted", () => {
    const { shedder: tested } = shedder(90 * MiB, {
      levels: { low: { enter: 100 * MiB, exit: 150 * MiB, priority: 2 } },
      priority: ({ url }) => Number(url!.slice(1)),
    });
    const outcomes = ["/1", "/1.9", "/2", "/3"].map((url) => admit(tested, url));
    assert.deepEqual(outcomes, ["priority", "priority", true, true]);
  });

  it("a request without a priority has 0", () => {
    for (const [priority, outcome] of [[0, true], [-1, true], [0.1, "priority"]] as const) {
      const { shedder: tested } = shedder(90 * MiB, {
        levels: { low: { enter: 100 * MiB, exit: 150 * MiB, priority } },
      });
      assert.equal(admit(tested), outcome);
    }
  });

  it("headroom that equals the threshold admits", () => {
    assert.equal(admit(shedder(64 * MiB, { headroom: 64 * MiB }).shedder), true);
    assert.equal(admit(shedder(64 * MiB - 1, { headroom: 64 * MiB }).shedder), "headroom");
    assert.equal(admit(shedder(LIMIT / 10, {}).shedder), true);
    assert.equal(admit(shedder(LIMIT / 10 - 1, {}).shedder), "headroom");
  });

  it("as many requests are in flight as the cap says", () => {
    const { shedder: tested } = shedder(300 * MiB, { inFlight: 2 });
    assert.deepEqual([admit(tested), admit(tested), admit(tested)], [true, true, "inFlight"]);
    assert.equal(tested.inFlight, 2);
  });

  it("reserved memory may reach down to the threshold", () => {
    const { shedder: tested } = shedder(84 * MiB, { headroom: 64 * MiB, perRequest: 10 * MiB });
    const admitted = [1, 2, 3].map(() => admit(tested) === true);
    assert.deepEqual(admitted, [true, true, false]);
  });

  it("a reservation that ends by time does not keep the process alive", () => {
    const { clock, shedder: tested } = shedder(300 * MiB, {
      perRequest: { bytes: 10 * MiB, within: 1_000 },
    });
    assert.equal(admit(tested), true);
    assert.ok(clock.running > 0, "the reservation ends by a timer");
    assert.equal(clock.referenced, 0);
  });
});
