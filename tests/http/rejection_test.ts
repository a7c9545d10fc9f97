import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LoadShedder, type Rejection, type ShedRules } from "../../http.ts";
import { MiB } from "../../mod.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";
import { scripted } from "../support/scripted_shedder.ts";

/** The reason of the rejection of a shedder in a container with 490 of 500 MiB left, and its text. */
function detail(options: ShedRules): string {
  const clock = new ManualClock();
  const memory = { cgroupLimit: 500 * MiB, cgroupCurrent: 10 * MiB, processRss: 9, heapUsed: 9 };
  const sampler = new ScenarioSampler(clock, [{ ...memory, at: 0 }]);
  const shedder = new LoadShedder({ sampler, clock, collect: false, trial: false, ...options });
  const { reason, body } = shedder.admit({ url: "/" }) as Rejection;
  return `${reason}: ${body.detail}`;
}

describe("a rejection", () => {
  it("tells its client what it is for", () => {
    const levels = { low: { enter: 499 * MiB, exit: 499 * MiB, priority: 1 } };
    assert.match(detail({ headroom: 499 * MiB }), /^headroom: Memory.*; try again in 1 s$/);
    assert.match(detail({ maxRss: 5 }), /^rss: .*process.*memory; try again in 1 s$/);
    assert.match(detail({ maxHeapUsed: 5 }), /^heapUsed: .*heap.*; try again in 1 s$/);
    assert.match(detail({ inFlight: 0 }), /^inFlight: .*at once.*; try again in 1 s$/);
    assert.match(detail({ levels }), /^priority: .*important.*; try again in 1 s$/);
  });

  it("says in a rejection what RFC 9457 and a client need", () => {
    const { shedder } = scripted({ 0: 1 }, { retryAfter: 7 });
    const rejection = shedder.admit({ url: "/" }) as Rejection;
    assert.equal(rejection.status, 503);
    assert.deepEqual(rejection.headers, {
      "content-type": "application/problem+json",
      "retry-after": "7",
      "cache-control": "no-store",
    });
    assert.deepEqual(rejection.body, {
      type: "about:blank",
      title: "Service Unavailable",
      status: 503,
      detail: "Memory is short; try again in 7 s",
    });
  });

  it("takes Retry-After from a function of the snapshot", () => {
    const { shedder } = scripted({ 0: 1 }, { retryAfter: (info) => info!.headroom()! / MiB + 2 });
    assert.equal((shedder.admit({}) as Rejection).headers["retry-after"], "3");
    const bad = scripted({ 0: 1 }, { retryAfter: () => 0.5 }).shedder;
    assert.throws(() => bad.admit({}), /'retryAfter' must be a whole number.*0\.5/);
  });
});
