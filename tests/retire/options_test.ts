import assert from "node:assert/strict";
import http from "node:http";
import { describe, it } from "node:test";
import { retire, type RetireOptions } from "../../retire.ts";
import { type BadOption, refusesBadOptions } from "../support/bad_options.ts";

const bad = (title: string, options: unknown, type: typeof Error, message: RegExp) =>
  [title, options, type, message] as unknown as BadOption<RetireOptions>;

const size = /'level.headroom' must be at least 1 byte and finite.*current value is 0$/;
const list = /'signals' must be an array: current value is "SIGTERM"$/;

describe("the options of retire()", () => {
  refusesBadOptions<RetireOptions>((options) => retire(options).stop(), [
    bad("options", 1, TypeError, /'options' must be an object: current value is 1/),
    bad("level", { level: 5 }, TypeError, /'level' must be an object: current value is 5/),
    bad("level.headroom", { level: { headroom: 0 } }, RangeError, size),
    bad("level.for", { level: { for: -1 } }, RangeError, /'level.for' must be at least 0 and/),
    bad("trend", { trend: true }, TypeError, /'trend' must be an object: current value is true/),
    bad(
      "trend.secondsLeft",
      { trend: { secondsLeft: Infinity } },
      RangeError,
      /'trend.secondsLeft' must be above 0 and finite: current value is Infinity/,
    ),
    bad(
      "trend.over",
      { trend: { over: 100 } },
      RangeError,
      /'trend.over' must be from 12 to 1000 times 'interval' \(6000 to 500000.*value is 100$/,
    ),
    bad("trend.headroom", { trend: { headroom: "x" } }, TypeError, /'trend.headroom' must be/),
    bad(
      "ineffective.watchdog",
      { ineffective: { watchdog: {} } },
      TypeError,
      /'ineffective.watchdog' must be a Watchdog: current value is an object/,
    ),
    bad("interval", { interval: 0 }, RangeError, /'interval' must be above 0/),
    bad("minUptime", { minUptime: "1" }, TypeError, /'minUptime' must be a number of milli/),
    bad("gc", { gc: true }, TypeError, /'gc' must be a function: current value is true/),
    bad("turns", { turns: {} }, TypeError, /'turns' must be a folder, or an object with the/),
    bad("turns, null", { turns: null }, TypeError, /'turns' must be .*current value is null/),
    bad("signals", { signals: "SIGTERM" }, TypeError, list),
    bad("signals[0]", { signals: ["TERM"] }, TypeError, /'signals\[0\]' must be a signal such/),
    bad("a signal", { signals: ["SIGNONE"] }, Error, /Cannot listen to SIGNONE: /),
    bad("servers", { servers: {} }, TypeError, /'servers' must be an array/),
    bad("servers[0]", { servers: [{}] }, TypeError, /'servers\[0\]' must be a server of Deno/),
    bad("closing", { closing: [{}] }, TypeError, /'closing\[0\]' must be a function, or an/),
    bad("grace", { grace: NaN }, RangeError, /'grace' must be at least 0 .*value is NaN/),
    bad("deadline", { deadline: Infinity }, RangeError, /'deadline' must be at least 0/),
    bad("closingTimeout", { closingTimeout: -1 }, RangeError, /'closingTimeout' must be/),
    bad("exitCode", { exitCode: 256 }, RangeError, /'exitCode' must be a whole number from 0/),
    bad("signalExitCode", { signalExitCode: 0.5 }, RangeError, /'signalExitCode' must be a/),
    bad("exit", { exit: 1 }, TypeError, /'exit' must be a function: current value is 1/),
    bad("onRetiring", { onRetiring: {} }, TypeError, /'onRetiring' must be a function/),
    bad("onError", { onError: {} }, TypeError, /'onError' must be a function/),
    bad("signal", { signal: {} }, TypeError, /'signal' must be an AbortSignal/),
    bad("clock", { clock: {} }, TypeError, /'clock' must be an object with a method every/),
    bad("usage", { usage: "rss" }, RangeError, /'usage' must be one of/),
    bad("fields", { fields: ["headroom"] }, TypeError, /'fields' is not an option of retire/),
  ]);

  it("leave nothing behind if they are bad", () => {
    const server = http.createServer();
    assert.throws(() => retire({ servers: [server], signals: ["SIGNONE"] }), /SIGNONE/);
    assert.equal(server.listenerCount("request"), 0);
    retire({ servers: [server] }).stop();
    assert.equal(server.listenerCount("request"), 0);
  });
});
