import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readFields, wantedOf } from "../src/fields.ts";
import { openSampler, type SamplerOptions } from "../mod.ts";
import { refusesBadOptions } from "./support/bad_options.ts";

describe("the option fields", () => {
  it("is copied, so that later changes have no effect", () => {
    const fields: ["headroom", ...string[]] = ["headroom"];
    const own = readFields(fields as never, {})!;
    fields.push("heapUsed");
    assert.deepEqual(own, ["headroom"]);
  });

  it("asks for what it names", () => {
    const wanted = wantedOf({ fields: ["heapUsed", "cgroupLimit"] });
    assert.equal(wanted.engine, true);
    assert.equal(wanted.cgroup, true);
    assert.equal(wanted.systemAvailable, false);
    assert.equal(wanted.headroom, false);
    assert.equal(wanted.ownUsage, false);
  });

  it("asks for the working set by name, or with headroom and usage", () => {
    assert.equal(wantedOf({ fields: ["cgroupWorkingSet"] }).workingSet, true);
    assert.equal(wantedOf({ fields: ["headroom"], usage: "workingSet" }).workingSet, true);
    assert.equal(wantedOf({ fields: ["headroom"] }).workingSet, false);
    assert.equal(wantedOf({ fields: ["heapUsed"], usage: "workingSet" }).workingSet, false);
  });

  it("asks for pressure by name or by the option pressure", () => {
    assert.equal(wantedOf({ fields: ["pressure"] }).pressure, true);
    assert.equal(wantedOf({ fields: ["headroom"], pressure: true }).pressure, true);
    assert.equal(wantedOf({ fields: ["headroom"] }).pressure, false);
  });

  it("gives equal wishes one key, and others another one", () => {
    const keys = new Set([
      {},
      { usage: "workingSet" },
      { pressure: true },
      { fields: ["headroom"] },
      { fields: ["headroom"], usage: "workingSet" },
      { fields: ["headroom", "cgroupWorkingSet"] },
      { fields: ["headroom", "heapUsed"] },
      { fields: ["heapUsed"] },
    ].map((options) => wantedOf(options as SamplerOptions).key));
    assert.equal(keys.size, 8);
    assert.equal(
      wantedOf({ fields: ["heapUsed", "headroom"] }).key,
      wantedOf({ fields: ["headroom", "heapUsed", "heapUsed"] }).key,
    );
  });
});

describe("bad fields", () => {
  const open = (options: object) => openSampler(options as SamplerOptions).close();

  refusesBadOptions(open, [
    [
      "no array",
      { fields: "headroom" },
      TypeError,
      /^'fields' must be an array .*: current value is "headroom"$/,
    ],
    ["empty", { fields: [] }, RangeError, /^'fields' must name at least one field: .* none$/],
    [
      "unknown",
      { fields: ["rss"] },
      RangeError,
      /^'fields' must be one of "systemAvailable".*: current value is "rss"$/,
    ],
    [
      "no name",
      { fields: [undefined] },
      TypeError,
      /^'fields' must hold field names: current value is undefined$/,
    ],
    ["a number", { fields: [1] }, TypeError, /^'fields' must be one of .*: current value is 1$/],
    [
      "the working set of usage current",
      { fields: ["cgroupWorkingSet"], usage: "current" },
      TypeError,
      /^'fields' must not name "cgroupWorkingSet" .* is "current"$/,
    ],
    [
      "pressure that is switched off",
      { fields: ["pressure"], pressure: false },
      TypeError,
      /^'fields' must not name "pressure" .* is false$/,
    ],
  ]);
});
