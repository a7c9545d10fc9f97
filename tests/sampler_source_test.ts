import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { show } from "../src/check.ts";
import { observeMemory } from "../src/otel/observe_memory.ts";
import type { SamplerOptions } from "../src/sampler.ts";
import { openSource, readSamplerSource } from "../src/sampler_source.ts";
import { samples } from "../src/samples.ts";
import { watch } from "../src/watch.ts";
import type { WatchOptions } from "../src/watch_options.ts";
import { cgroupDriven, heapDriven, systemDriven, watchdog } from "../src/watchdog/watchdog.ts";
import { forcedOptions } from "./support/adapter.ts";
import { ScriptedSampler } from "./support/scripted_sampler.ts";
import { openDescriptors } from "./support/temp.ts";

/** Each option that says what to sample. */
const EXCLUDED: Required<SamplerOptions> = {
  usage: "current",
  adapter: "runtime",
  pressure: false,
  root: "/",
  fields: ["headroom"],
  limit: 1_000_000,
  pid: 1,
};

describe("a sampler that is passed in", () => {
  for (const [name, value] of Object.entries(EXCLUDED)) {
    it(`excludes '${name}', and both are named`, async () => {
      const sampler = new ScriptedSampler();
      const options = { interval: 1, immediate: true, sampler, [name]: value } as WatchOptions;
      const refused = (error: unknown) => {
        assert.ok(error instanceof TypeError, `${error}`);
        assert.match(error.message, new RegExp(`^'${name}' and 'sampler' exclude each other`));
        assert.ok(error.message.endsWith(` is ${show(value)}`), error.message);
        return true;
      };
      await assert.rejects(watch(options, () => {}), refused);
      assert.throws(() => samples(options), refused);
      assert.equal(sampler.taken, 0);
    });
  }

  it("excludes them in the types, whether it is certain or not", () => {
    const sampler = new ScriptedSampler();
    const perhaps = sampler as ScriptedSampler | undefined;
    // What is asserted here is that these lines compile, or do not.
    const calls = [
      () => watch({ interval: 1, sampler: perhaps }, () => {}),
      () => watch({ interval: 1, usage: "workingSet", root: "/" }, () => {}),
      () => watch({ interval: 1, sampler, usage: undefined }, () => {}),
      // @ts-expect-error The sampler decides what it samples.
      () => watch({ interval: 1, sampler, usage: "workingSet" }, () => {}),
      // @ts-expect-error It might.
      () => watch({ interval: 1, sampler: perhaps, pressure: true }, () => {}),
      // @ts-expect-error The same for samples(),
      () => samples({ interval: 1, sampler, root: "/" }),
      // @ts-expect-error for metrics,
      () => observeMemory({} as never, { sampler, adapter: "linux" }),
      // @ts-expect-error for a watchdog,
      () => cgroupDriven({ sampler, usage: "current" }),
      // @ts-expect-error of each kind,
      () => systemDriven({ sampler, root: "/", limit: 1 }),
      // @ts-expect-error with or without a limit of the heap,
      () => watchdog({ sampler: perhaps, adapter: "linux", heapLimit: 1 }),
      // @ts-expect-error which it might follow.
      () => heapDriven({ sampler: perhaps, usage: "current", limit: 1 }),
      // @ts-expect-error A watchdog does not read pressure, whatever it samples.
      () => watchdog({ pressure: true }),
      () => watchdog({ usage: "current", root: "/", heapLimit: 1 }),
      () => heapDriven({ sampler: perhaps, usage: undefined, limit: 1 }),
    ];
    assert.equal(calls.length, 14);
  });

  it("stays open; one of this host does not", () => {
    const sampler = new ScriptedSampler();
    const given = openSource(readSamplerSource({ sampler }));
    assert.equal(given.sampler, sampler);
    given.close();
    assert.equal(sampler.closed, false);

    const before = openDescriptors();
    const own = openSource(readSamplerSource(forcedOptions, { usage: "workingSet" }));
    own.close();
    assert.equal(openDescriptors(), before);
    assert.throws(() => own.sampler.sample(), /closed/);
  });

  it("leaves the defaults to samplers of this host", () => {
    const { sampling } = readSamplerSource({ usage: undefined, root: "/x" }, {
      usage: "workingSet",
      root: "/",
    });
    assert.deepEqual(sampling, {
      fields: undefined,
      usage: "workingSet",
      adapter: undefined,
      pressure: undefined,
      root: "/x",
      limit: undefined,
      pid: undefined,
    });
    const sampler = new ScriptedSampler();
    const given = readSamplerSource({ sampler }, { usage: "workingSet" });
    assert.equal(given.sampling.usage, undefined);
  });
});
