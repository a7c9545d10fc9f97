import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LoadShedder, type ShedOptions } from "../../http.ts";
import { ManualClock, StorySampler } from "../../testing.ts";

describe("options of LoadShedder", () => {
  const bad: [string, ShedOptions, RegExp, typeof TypeError | typeof RangeError][] = [
    ["headroom 0", { headroom: 0 }, /'short\.enter' must be above 0 and finite.* 0/, RangeError],
    ["both", { headroom: 1, levels: {} }, /'headroom' and 'levels' exclude each other/, TypeError],
    ["no level", { levels: {} }, /must have at least one level/, RangeError],
    [
      "inFlight",
      { inFlight: 1.5 },
      /'inFlight' must be a whole number from 0 up.*1\.5/,
      RangeError,
    ],
    [
      "a level's inFlight",
      { levels: { a: { enter: 2, exit: 3, inFlight: -1 } } },
      /'levels\.a\.inFlight' .*-1/,
      RangeError,
    ],
    [
      "a level's priority",
      { levels: { a: { enter: 2, exit: 3, priority: "x" as never } } },
      /'levels\.a\.priority' must be a number.*"x"/,
      TypeError,
    ],
    ["perRequest", { perRequest: -5 }, /'perRequest' must be at least 0.*-5/, RangeError],
    [
      "perRequest without bytes",
      { perRequest: { within: 5 } as never },
      /'perRequest\.bytes' must be a number.*undefined/,
      TypeError,
    ],
    [
      "perRequest.within",
      { perRequest: { bytes: 5, within: 0 } },
      /'perRequest\.within' must be above 0.* 0/,
      RangeError,
    ],
    ["maxRss", { maxRss: NaN }, /'maxRss' must be at least 0.*NaN/, RangeError],
    ["maxHeapUsed", { maxHeapUsed: "1" as never }, /'maxHeapUsed' .*"1"/, TypeError],
    ["maxAge", { maxAge: Infinity }, /'maxAge' must be .*finite.*Infinity/, RangeError],
    ["exempt", { exempt: ["healthz"] }, /'exempt' must hold paths.*"healthz"/, TypeError],
    ["exempt, no list", { exempt: "/" as never }, /'exempt' must be a function.*"\/"/, TypeError],
    ["priority", { priority: 1 as never }, /'priority' must be a function.* 1/, TypeError],
    ["retryAfter", { retryAfter: -1 }, /'retryAfter' must be a whole number.*-1/, RangeError],
    ["retryAfter", { retryAfter: "1" as never }, /'retryAfter' must be a number.*"1"/, TypeError],
    ["collect", { collect: 1 as never }, /'collect' must be a boolean.* 1/, TypeError],
    ["trial", { trial: 1 as never }, /'trial' must be a boolean.* 1/, TypeError],
    ["gc", { gc: 1 as never }, /'gc' must be a function.* 1/, TypeError],
    ["sustain", { sustain: 0 }, /'sustain' must be a whole number.* 0/, RangeError],
    ["usage", { usage: "x" as never }, /'usage' must be one of.*"x"/, RangeError],
    [
      "usage next to a sampler",
      { sampler: new StorySampler(new ManualClock(), [{ at: 0 }]), usage: "current" },
      /'usage' and 'sampler' exclude each other.*"current"/,
      TypeError,
    ],
    ["sampler", { sampler: {} as never }, /'sampler' must be an object with a method s/, TypeError],
    ["clock", { clock: {} as never }, /'clock' must be an object with a method every/, TypeError],
    ["options", 5 as never, /'options' must be an object.* 5/, TypeError],
  ];
  for (const [name, options, message, type] of bad) {
    it(`refuses a bad ${name}`, () => {
      assert.throws(() => new LoadShedder(options), (error) => {
        assert.ok(error instanceof type, String(error));
        assert.match(error.message, message);
        return true;
      });
    });
  }
});
