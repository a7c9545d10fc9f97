import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Refusal } from "../../http.ts";
import { MiB } from "../../mod.ts";
import { scripted } from "../support/scripted_shedder.ts";

describe("a refusal", () => {
  it("says in a refusal what RFC 9457 and a client need", () => {
    const { shedder } = scripted({ 0: 1 }, { retryAfter: 7 });
    const refusal = shedder.admit({ url: "/" }) as Refusal;
    assert.equal(refusal.status, 503);
    assert.deepEqual(refusal.headers, {
      "content-type": "application/problem+json",
      "retry-after": "7",
      "cache-control": "no-store",
    });
    assert.deepEqual(refusal.body, {
      type: "about:blank",
      title: "Service Unavailable",
      status: 503,
      detail: "Memory is short; try again in 7 s",
    });
  });

  it("takes Retry-After from a function of the snapshot", () => {
    const { shedder } = scripted({ 0: 1 }, { retryAfter: (info) => info!.headroom()! / MiB + 2 });
    assert.equal((shedder.admit({}) as Refusal).headers["retry-after"], "3");
    const bad = scripted({ 0: 1 }, { retryAfter: () => 0.5 }).shedder;
    assert.throws(() => bad.admit({}), /'retryAfter' must be a whole number.*0\.5/);
  });
});
