import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkCommonOptions, checkedGuard, checkLimit } from "../../src/watchdog/options.ts";

const check = (options: object | null) => () => checkCommonOptions(options as never);

describe("the options of a watchdog", () => {
  const bad: [object, string, RegExp][] = [
    [{ interval: 0 }, "RangeError", /'interval'.*current value is 0$/],
    [{ collect: 1 }, "TypeError", /'collect' must be a boolean: current value is 1$/],
    [{ unref: "no" }, "TypeError", /'unref' must be a boolean: current value is "no"$/],
    [{ signal: {} }, "TypeError", /'signal' must be an AbortSignal/],
    [{ sampler: {} }, "TypeError", /'sampler'.*sample\(\)/],
    [{ clock: {} }, "TypeError", /'clock'.*every\(\)/],
    [{ policy: {} }, "TypeError", /'policy'.*evaluate\(\)/],
    [{ logger: 5 }, "TypeError", /'logger' must be an object: current value is 5$/],
    [{ usage: "all" }, "RangeError", /'usage'/],
    [{ heapSnapshots: 5 }, "TypeError", /'heapSnapshots' must be an object: current value is 5$/],
    [{ heapSnapshots: {} }, "TypeError", /'heapSnapshots\.directory'.*path.*is undefined$/],
    [{ heapSnapshots: { directory: 5 } }, "TypeError", /'heapSnapshots\.directory'.* is 5$/],
    [{ heapSnapshots: { directory: "" } }, "TypeError", /'heapSnapshots\.directory'.* is ""$/],
    [
      { heapSnapshots: { directory: "x", fraction: 1.1 } },
      "RangeError",
      /'heapSnapshots\.fraction'.*current value is 1\.1$/,
    ],
    ...[0, -1, 1.5].map((max): [object, string, RegExp] => [
      { heapSnapshots: { directory: "x", max } },
      "RangeError",
      new RegExp(`'heapSnapshots\\.max'.*whole number above 0: current value is ${max}$`),
    ]),
    [{ guard: 5 }, "TypeError", /'guard' must be an object: current value is 5$/],
    [{ guard: { minInterval: 0 } }, "RangeError", /'guard\.minInterval'.*above 0.* is 0$/],
    [{ guard: { minInterval: "1" } }, "TypeError", /'guard\.minInterval'.*milliseconds.*"1"$/],
    [{ guard: { maxInterval: Infinity } }, "RangeError", /'guard\.maxInterval'.*finite/],
    [
      { guard: { minInterval: 9, maxInterval: 8 } },
      "RangeError",
      /'guard\.maxInterval' must be at least minInterval, 9: current value is 8$/,
    ],
    [{ guard: { minFreed: 0 } }, "RangeError", /'guard\.minFreed'.* is 0$/],
    [{ guard: { maxShare: 1.5 } }, "RangeError", /'guard\.maxShare'.* is 1\.5$/],
  ];
  for (const [options, name, message] of bad) {
    it(`are refused: ${JSON.stringify(options)}`, () => {
      assert.throws(check(options), { name, message });
    });
  }

  for (
    const hook of ["gc", "onFire", "beforeCollect", "afterCollect", "onIneffective", "onDisarm"]
  ) {
    it(`are refused where ${hook} is no function`, () => {
      const message = new RegExp(`'${hook}' must be a function: current value is 5$`);
      assert.throws(check({ [hook]: 5 }), { name: "TypeError", message });
    });
  }

  for (const method of ["debug", "info", "warn", "error"]) {
    it(`are refused where the logger's ${method} is no function`, () => {
      const message = new RegExp(`'logger\\.${method}' must be a function: current value is "x"$`);
      assert.throws(check({ logger: { [method]: "x" } }), { name: "TypeError", message });
    });
  }

  it("may be left out, or lie on their bounds", () => {
    const good: object[] = [
      {},
      { policy: () => ({ next: 1 }) },
      { policy: { evaluate: () => ({ next: 1 }) } },
      { logger: {} },
      { heapSnapshots: { directory: "x", fraction: 1, max: 1 } },
      { guard: { minInterval: 5, maxInterval: 5, minFreed: 1, maxShare: 1 } },
    ];
    for (const options of good) assert.doesNotThrow(check(options));
  });

  it("have the bounds on forced collections that are documented", () => {
    const { minInterval, maxInterval, minFreed, maxShare } = checkedGuard();
    assert.deepEqual([minInterval, maxInterval, minFreed, maxShare], [50, 300_000, 0.05, 0.5]);
    assert.equal(checkedGuard({ minInterval: 5 }).minInterval, 5);
  });
});

describe("the limit of a watchdog", () => {
  it("lies above 0 and is at most the host's memory, where that is known", () => {
    for (const total of [100, undefined]) {
      assert.doesNotThrow(() => checkLimit("limit", 100, total));
      assert.throws(() => checkLimit("limit", 0, total), {
        name: "RangeError",
        message: /'limit' must be above 0 bytes: current value is 0$/,
      });
      assert.throws(() => checkLimit("limit", "1", total), {
        name: "TypeError",
        message: /'limit' must be a number of bytes: current value is "1"$/,
      });
    }
    assert.throws(() => checkLimit("limit", 101, 100), {
      name: "RangeError",
      message: /'limit'.*100 bytes: current value is 101$/,
    });
    assert.doesNotThrow(() => checkLimit("limit", 101, undefined));
  });
});
