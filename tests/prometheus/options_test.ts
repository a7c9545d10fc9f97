import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Registry } from "prom-client";
import { observeMemory, type Sampler } from "../../prometheus.ts";
import { still } from "../support/scrape.ts";

describe("options of observeMemory() of @x/memctl/prometheus", () => {
  const sampler = still({}) as Sampler;
  for (
    const [name, registry, options, type, message] of [
      ["registry", 5, {}, TypeError, /'registry' must be a Registry of prom-client .* 5$/],
      ["registry of another kind", { registerMetric() {} }, {}, TypeError, /'registry' .* object$/],
      ["options", undefined, 5, TypeError, /'options' must be an object/],
      ["usage", undefined, { usage: "x" }, RangeError, /'usage' must be one of/],
      ["sampler", undefined, { sampler: {} }, TypeError, /'sampler' must be an object with/],
      ["pressure next to a sampler", undefined, { sampler, pressure: true }, TypeError, /exclude/],
      ["prefix", undefined, { prefix: 5 }, TypeError, /'prefix' must be a string.* 5$/],
      ["prefix with a dash", undefined, { prefix: "a-" }, RangeError, /'prefix' must .*"a-"$/],
      ["prefix that begins with a digit", undefined, { prefix: "1_" }, RangeError, /'prefix'/],
      ["labels", undefined, { labels: 1 }, TypeError, /'labels' must be an object.* 1$/],
      ["name of a label", undefined, { labels: { "a-b": 1 } }, RangeError, /'labels' .*"a-b"$/],
      ["reserved label", undefined, { labels: { __a: 1 } }, RangeError, /'labels' .*"__a"$/],
      ["label of its own", undefined, { labels: { kind: 1 } }, RangeError, /"source".*"kind"$/],
      ["value of a label", undefined, { labels: { a: {} } }, TypeError, /'labels\.a' .*object$/],
      ["watchdog", undefined, { watchdog: 1 }, TypeError, /'watchdog' must be a Watchdog.* 1$/],
      ["watchdog of another kind", undefined, { watchdog: {} }, TypeError, /'watchdog' .*object$/],
      ["shedder", undefined, { shedder: null }, TypeError, /'shedder' must be a LoadShed.* null$/],
      ["timeout", undefined, { timeout: 0 }, RangeError, /'timeout' must be above 0.* 0$/],
      ["onError", undefined, { onError: 1 }, TypeError, /'onError' must be a function.* 1$/],
      ["clock", undefined, { clock: {} }, TypeError, /'clock' must be an object with .*every/],
    ] as const
  ) {
    it(`refuses a bad ${name}`, () => {
      const good = new Registry();
      assert.throws(
        () => observeMemory((registry ?? good) as Registry, options as never),
        (error: Error) => error instanceof type && message.test(error.message),
      );
      assert.equal(good.getMetricsAsArray().length, 0);
    });
  }

  it("are read once", () => {
    const reads: string[] = [];
    const counted = new Proxy({}, {
      get(_, name) {
        reads.push(String(name));
        return undefined;
      },
    });
    observeMemory(new Registry(), counted).stop();
    assert.deepEqual(reads.toSorted(), [
      "adapter",
      "clock",
      "fields",
      "labels",
      "limit",
      "onError",
      "pid",
      "prefix",
      "pressure",
      "root",
      "sampler",
      "shedder",
      "timeout",
      "usage",
      "watchdog",
    ]);
  });
});
