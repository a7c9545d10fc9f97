import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSampler } from "../src/host/sampling.ts";
import { MemInfo, SIGNAL_NAMES } from "../src/mem_info.ts";
import { sample } from "../src/sample.ts";
import { watch } from "../src/watch.ts";
import { forced, forcedOptions } from "./support/adapter.ts";
import { openDescriptors } from "./support/temp.ts";

describe("sample()", () => {
  it("takes one snapshot of this process and leaves nothing open", async () => {
    await sample(forcedOptions);
    const before = openDescriptors();
    const info = await sample(forcedOptions);
    assert.ok(info instanceof MemInfo);
    assert.ok(info.processRss! > 1_000_000, "the resident set of a JavaScript runtime");
    assert.ok(Math.abs(info.at - Date.now()) < 60_000);
    assert.equal(openDescriptors(), before);
  });

  it("rejects bad options", async () => {
    await assert.rejects(sample({ usage: "x" as "current" }), RangeError);
    await assert.rejects(sample(null as unknown as object), TypeError);
  });
});

describe("openSampler()", () => {
  it("explains every field, and the explanation agrees with the sample", async () => {
    const sampler = openSampler({ usage: "workingSet", ...forcedOptions });
    if (forced !== undefined) assert.equal(sampler.adapter, forced);
    const info = await sampler.sample();
    const { signals } = sampler;
    for (const name of SIGNAL_NAMES) {
      const signal = signals[name];
      assert.equal(signal.available, info[name] !== undefined, name);
      assert.equal(signal.reason === undefined, signal.available, name);
      assert.notEqual(signal.source, "", name);
    }
    sampler.close();
  });

  it("is disposable", () => {
    const sampler = openSampler(forcedOptions);
    sampler[Symbol.dispose]();
    assert.throws(() => sampler.signals, /closed/);
  });

  it("throws at bad options", () => {
    assert.throws(() => openSampler({ adapter: "x" as "linux" }), RangeError);
    assert.throws(() => openSampler(7 as unknown as object), TypeError);
  });
});

describe("watch() on this machine", () => {
  it("samples by real timers until it is aborted, and leaves nothing open", async () => {
    await sample(forcedOptions);
    const before = openDescriptors();
    const stop = new AbortController();
    const seen: MemInfo[] = [];
    await watch({ interval: 1, signal: stop.signal, ...forcedOptions }, (info) => {
      if (seen.push(info) === 5) stop.abort();
    });
    assert.equal(seen.length, 5);
    for (const info of seen) assert.ok(info.processRss! > 1_000_000);
    assert.equal(openDescriptors(), before);
  });
});
