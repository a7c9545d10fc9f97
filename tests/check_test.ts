import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSampler } from "../src/host/sampling.ts";
import { MAX_INTERVAL, show } from "../src/check.ts";
import { watch } from "../src/watch.ts";
import { ManualClock, ScenarioSampler } from "../testing.ts";

const scenario = () => new ScenarioSampler(new ManualClock(), [{ at: 0 }]);
const stopped = AbortSignal.abort();

describe("a value in an error message", () => {
  const rows: [unknown, string][] = [
    ["a b", '"a b"'],
    [() => 1, "a function"],
    [[1, 2], "an array"],
    [{ a: 1 }, "an object"],
    [null, "null"],
    [undefined, "undefined"],
    [NaN, "NaN"],
    [5n, "5"],
    [Symbol("x"), "Symbol(x)"],
  ];
  for (const [value, text] of rows) {
    it(`is shown as ${text}`, () => assert.equal(show(value), text));
  }
});

describe("the options of watch()", () => {
  const bad: [object, string, RegExp][] = [
    [{ interval: 0 }, "RangeError", /'interval'.*above 0.*2147483647.*: current value is 0$/],
    [{ interval: MAX_INTERVAL + 1 }, "RangeError", /'interval'.*current value is 2147483648$/],
    [{ interval: "5" }, "TypeError", /'interval'.*milliseconds.*: current value is "5"$/],
    [{ signal: {} }, "TypeError", /'signal'.*AbortSignal: current value is an object$/],
    [{ signal: null }, "TypeError", /'signal'.*AbortSignal: current value is null$/],
    [{ signal: 5 }, "TypeError", /'signal'.*AbortSignal: current value is 5$/],
    [{ signal: { aborted: false } }, "TypeError", /'signal'.*AbortSignal/],
    [{ signal: { addEventListener() {} } }, "TypeError", /'signal'.*AbortSignal/],
    [{ unref: 1 }, "TypeError", /'unref' must be a boolean: current value is 1$/],
    [{ immediate: "yes" }, "TypeError", /'immediate' must be a boolean: current value is "yes"$/],
    [{ onPanic: 1 }, "TypeError", /'onPanic' must be a function: current value is 1$/],
    [{ sampler: {} }, "TypeError", /'sampler'.*sample\(\): current value is an object$/],
    [{ sampler: 5 }, "TypeError", /'sampler'.*sample\(\): current value is 5$/],
    [{ sampler: null }, "TypeError", /'sampler'.*sample\(\): current value is null$/],
  ];
  for (const [options, name, message] of bad) {
    const [[option, value]] = Object.entries(options) as [[string, unknown]];
    it(`refuse ${option}: ${show(value)}`, async () => {
      await assert.rejects(
        watch({ interval: 1, sampler: scenario(), ...options } as never, () => {}),
        { name, message },
      );
    });
  }

  it("take the longest interval that timers take", () =>
    watch({ interval: MAX_INTERVAL, sampler: scenario(), signal: stopped }, () => {}));

  it("take what is undefined for not given", () =>
    watch({
      interval: 1,
      sampler: scenario(),
      signal: stopped,
      immediate: undefined,
      unref: undefined,
      onPanic: undefined,
      clock: undefined,
    }, () => {}));
});

describe("the options of a sampler", () => {
  const bad: [unknown, string, RegExp][] = [
    [null, "TypeError", /'options' must be an object: current value is null$/],
    ["x", "TypeError", /'options' must be an object: current value is "x"$/],
    [{ usage: "all" }, "RangeError", /'usage'.*"current", "workingSet": current value is "all"$/],
    [{ usage: 5 }, "TypeError", /'usage'.*"current", "workingSet": current value is 5$/],
    [{ adapter: "dos" }, "RangeError", /'adapter'.*"linux".*"darwin".*"runtime".*is "dos"$/],
    [{ pressure: 1 }, "TypeError", /'pressure' must be a boolean: current value is 1$/],
    [{ root: 5 }, "TypeError", /'root' must be a path: current value is 5$/],
    [{ root: "" }, "RangeError", /'root' must not be empty: current value is ""$/],
  ];
  for (const [options, name, message] of bad) {
    it(`refuse ${JSON.stringify(options)}`, () => {
      assert.throws(() => openSampler(options as never), { name, message });
    });
  }

  it("take every usage and adapter that is named", () => {
    for (const usage of ["current", "workingSet"] as const) {
      openSampler({ usage, adapter: "runtime" }).close();
    }
  });
});
