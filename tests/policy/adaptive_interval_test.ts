import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemInfo, watch } from "../../mod.ts";
import { adaptiveInterval } from "../../policy.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";
import { refusesBadOptions } from "../support/bad_options.ts";
import { counted } from "../support/counted_options.ts";

const left = (headroom: number | undefined) => new MemInfo({ at: 0, systemAvailable: headroom });

describe("adaptiveInterval()", () => {
  it("is the time in which what is left could be filled, within bounds", () => {
    const interval = adaptiveInterval({ min: 50, max: 2_000, fillRate: 1_000 });
    assert.deepEqual([undefined, left(undefined), left(0), left(100), left(10_000)].map(interval), [
      50,
      50,
      50,
      100,
      2_000,
    ]);
  });

  it("drives watch(): faster as headroom shrinks", async () => {
    const clock = new ManualClock();
    const sampler = new ScenarioSampler(clock, [{ at: 0, systemAvailable: 800 }, {
      at: 1_000,
      systemAvailable: 100,
    }]);
    const stop = new AbortController();
    const times: number[] = [];
    const interval = adaptiveInterval({ min: 100, max: 800, fillRate: 1_000 });
    const done = watch(
      { interval, clock, sampler, signal: stop.signal },
      () => void times.push(clock.now()),
    );
    clock.tick(2_000);
    assert.deepEqual(times.slice(0, 4), [100, 900, 1_700, 1_800]);
    stop.abort();
    await done;
  });

  it("reads each option once", () => {
    const all = { min: 50, max: 2_000, fillRate: 1_000 };
    const { options, reads } = counted(all);
    const interval = adaptiveInterval(options);
    for (let i = 0; i < 3; i++) interval(left(100));
    assert.deepEqual([...reads], Object.keys(all).map((name) => [name, 1]));
  });

  refusesBadOptions(
    (options: object) => adaptiveInterval(options),
    [
      ["null", null as never, TypeError, /^'options' must be an object: current value is null$/],
      ["min 0", { min: 0 }, RangeError, /'min' must be above 0.*: current value is 0$/],
      ["max Infinity", { max: Infinity }, RangeError, /'max' must be above 0 .* Infinity/],
      ["max below min", { min: 10, max: 5 }, RangeError, /'max' must be at least min, 10:.* 5/],
      ["fillRate 0", { fillRate: 0 }, RangeError, /'fillRate' must be above 0 and finite:.* is 0$/],
      ["max 2 ** 31", { max: 2 ** 31 }, RangeError, /'max'.*: current value is 2147483648$/],
      ["max just below min", { min: 10, max: 9 }, RangeError, /'max'.*10: current value is 9$/],
      [
        "fillRate -1",
        { fillRate: -1 },
        RangeError,
        /'fillRate'.* above 0.*: current value is -1$/,
      ],
      [
        "fillRate Infinity",
        { fillRate: Infinity },
        RangeError,
        /'fillRate'.*finite: current value is Infinity$/,
      ],
      [
        "fillRate as text",
        { fillRate: "1" },
        TypeError,
        /'fillRate' must be a number of bytes per second: current value is "1"$/,
      ],
    ],
  );
});
