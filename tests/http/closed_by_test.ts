import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RequestLike, ShedRules } from "../../http.ts";
import { MiB } from "../../mod.ts";
import { outcome, scripted } from "../support/scripted_shedder.ts";

/** What admits no request but trials, at 84 MiB of headroom. */
function closedBy(options: ShedRules<RequestLike>): string | undefined {
  const { shedder } = scripted({ 0: 84 }, { headroom: 64 * MiB, ...options });
  shedder.refresh();
  return shedder.closedBy;
}

describe("what closes a load shedder", () => {
  it("is a cap of 0 on requests in flight", () => {
    assert.equal(closedBy({ inFlight: 0 }), "inFlight");
    assert.equal(closedBy({ inFlight: 1 }), undefined);
  });

  it("is a request that takes more than there is room", () => {
    assert.equal(closedBy({ perRequest: 20 * MiB }), undefined);
    assert.equal(closedBy({ perRequest: 20 * MiB + 1 }), "headroom");
    assert.equal(closedBy({ perRequest: () => 1_000 * MiB }), undefined, "not known beforehand");
    assert.equal(closedBy({}), undefined);
  });

  it("is nothing once it is closed itself", () => {
    const { shedder } = scripted({ 0: 10 }, { inFlight: 0 });
    shedder.refresh();
    assert.equal(shedder.closedBy, "inFlight");
    shedder.close();
    assert.equal(shedder.closedBy, undefined);
    assert.equal(outcome(shedder.admit({ url: "/" })), true);
    shedder.close();
  });
});

describe("the reason of a rejection", () => {
  const reasons = (options: ShedRules<RequestLike>) => {
    const { shedder } = scripted({ 0: 84 }, { headroom: 64 * MiB, trial: false, ...options });
    return [1, 2, 3].map(() => outcome(shedder.admit({ url: "/" })));
  };

  it("is a cap of 0, whatever memory says", () => {
    assert.deepEqual(reasons({ inFlight: 0 }), ["inFlight", "inFlight", "inFlight"]);
    const headroom = 100 * MiB;
    assert.deepEqual(reasons({ inFlight: 0, headroom }), ["inFlight", "inFlight", "inFlight"]);
    assert.equal(closedBy({ inFlight: 0, headroom }), "inFlight");
  });

  it("is headroom where one request alone does not fit, else the requests in flight", () => {
    assert.deepEqual(reasons({ perRequest: 20 * MiB }), [true, "inFlight", "inFlight"]);
    assert.deepEqual(reasons({ perRequest: 20 * MiB + 1 }), ["headroom", "headroom", "headroom"]);
  });
});
