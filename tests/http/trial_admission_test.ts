import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Pass } from "../../http.ts";
import { MiB } from "../../mod.ts";
import { outcome, scripted } from "../support/scripted_shedder.ts";

describe("trial admission", () => {
  it("lets few in again where collecting gives nothing back", () => {
    const { clock, shedder } = scripted({ 0: 400, 100: 60 }, { headroom: 64 * MiB });
    const never = scripted({ 0: 60 }, { headroom: 64 * MiB });
    const off = scripted({ 0: 400, 100: 60 }, { headroom: 64 * MiB, probe: false });
    for (const { admit } of [shedder, off.shedder].map((one) => ({ admit: () => one.admit({}) }))) {
      (admit() as Pass).release();
    }
    for (const each of [clock, never.clock, off.clock]) each.tick(100);
    assert.equal(outcome(shedder.admit({})), "headroom", "not at once");
    for (const each of [clock, never.clock, off.clock]) each.tick(900);
    // Half of 60 MiB is enough for three of 8.
    const probes = Array.from({ length: 5 }, () => shedder.admit({}));
    assert.deepEqual(probes.map(outcome), [true, true, true, "headroom", "headroom"]);
    (probes[0] as Pass).release();
    assert.equal(outcome(shedder.admit({})), true);
    assert.equal(outcome(never.shedder.admit({})), "headroom", "it has nothing to use again");
    assert.equal(outcome(off.shedder.admit({})), "headroom");
  });
});
