import {
  checkInterval,
  checkNumber,
  checkObject,
  checkOptionalFunction,
  checkOptionalMethod,
  checkOptionalSignal,
  checkShape,
  MAX_INTERVAL,
  show,
} from "../check.ts";
import type { Clock } from "../clock.ts";
import { exitProcess, findReleaseGc, isMainThread } from "../host/retire.ts";
import { systemClock } from "../host/sampling.ts";
import { readSamplerSource, refuseSampling, type SourceSettings } from "../sampler_source.ts";
import { type ParsedSize, parseSize } from "../size.ts";
import { checkClosing, type Closing } from "./closing.ts";
import type { CollectingWatchdog, RetireOptions, RetireRules, Turns } from "./options.ts";
import { checkServer, type RetirableServer } from "./servers.ts";
import { turnFolder } from "./turn_folder.ts";

/** When memory is a reason to retire. */
export interface Rules {
  readonly level: { readonly headroom: ParsedSize; readonly for: number } | undefined;
  readonly trend: {
    readonly secondsLeft: number;
    readonly over: number;
    readonly headroom: ParsedSize;
  } | undefined;
  readonly ineffective: {
    readonly watchdog: CollectingWatchdog;
    readonly headroom: ParsedSize;
    readonly for: number;
  } | undefined;
}

/** The options of `retire`, checked and with their defaults. */
export interface Settings extends SourceSettings, Rules {
  readonly minUptime: number;
  readonly interval: number;
  readonly gc: (() => unknown) | undefined;
  readonly turns: Turns | undefined;
  readonly signals: readonly string[];
  readonly servers: readonly RetirableServer[];
  readonly closing: readonly Closing[];
  readonly grace: number;
  readonly deadline: number;
  readonly closingTimeout: number;
  readonly exitCode: number;
  readonly signalExitCode: number;
  readonly exit: (code: number) => unknown;
  readonly onRetiring: RetireRules["onRetiring"];
  readonly onError: RetireRules["onError"];
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
}

/**
 * Reads each option once, and checks it.
 *
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {RangeError} If an option is out of range.
 * @throws {Error} If the folder of `turns` cannot be used, or in a worker thread without `exit`.
 */
export function readRetireOptions(options: RetireOptions): Settings {
  const source = readSamplerSource(options, { usage: "workingSet" });
  refuseSampling(source, ["pressure", "fields"], "retire");
  const { interval = 500, minUptime = 10_000, gc = findReleaseGc() } = options;
  const { grace = 5_000, deadline = 10_000, closingTimeout = 5_000 } = options;
  const { exitCode = 75, signalExitCode = 0, exit } = options;
  const { onRetiring, onError, signal, clock = systemClock } = options;
  checkInterval(interval);
  const rules = readRules(options, interval);
  checkDuration("minUptime", minUptime);
  if (gc !== false) checkOptionalFunction("gc", gc);
  checkDuration("grace", grace);
  checkDuration("deadline", deadline);
  checkDuration("closingTimeout", closingTimeout);
  checkExitCode("exitCode", exitCode);
  checkExitCode("signalExitCode", signalExitCode);
  checkOptionalFunction("exit", exit);
  checkOptionalFunction("onRetiring", onRetiring);
  checkOptionalFunction("onError", onError);
  checkOptionalSignal("signal", signal);
  checkOptionalMethod("clock", clock, "every");
  const signals = readList("signals", options.signals, ["SIGTERM"], checkSignalName);
  const servers = readList("servers", options.servers, [], checkServer);
  const closing = readList("closing", options.closing, [], checkClosing);
  if (exit === undefined && !isMainThread) {
    throw new Error(
      "Cannot retire from a worker thread, which cannot end the process: " +
        "call retire() in the main thread, or pass 'exit'",
    );
  }
  return {
    ...source,
    ...rules,
    interval,
    minUptime,
    gc: gc === false ? undefined : gc,
    // Last, because it makes a folder.
    turns: readTurns(options.turns),
    signals,
    servers,
    closing,
    grace,
    deadline,
    closingTimeout,
    exitCode,
    signalExitCode,
    exit: exit ?? exitProcess,
    onRetiring,
    onError,
    signal,
    clock,
  };
}

function readRules(options: RetireOptions, interval: number): Rules {
  const { level = {}, trend = {}, ineffective = false } = options;
  return {
    level: readLevel(level),
    trend: readTrend(trend, interval),
    ineffective: readIneffective(ineffective),
  };
}

function readLevel(level: NonNullable<RetireRules["level"]>): Rules["level"] {
  if (level === false) return undefined;
  checkObject("level", level);
  const { headroom = "5%", for: duration = 10_000 } = level;
  checkDuration("level.for", duration);
  return { headroom: parseSize("level.headroom", headroom), for: duration };
}

function readTrend(
  trend: NonNullable<RetireRules["trend"]>,
  interval: number,
): Rules["trend"] {
  if (trend === false) return undefined;
  checkObject("trend", trend);
  const { secondsLeft = 20, over = Math.max(10_000, 12 * interval), headroom = "20%" } = trend;
  checkNumber(
    "trend.secondsLeft",
    secondsLeft,
    "a number of seconds",
    "above 0 and finite",
    (value) => value > 0 && value < Infinity,
  );
  const [least, most] = [12 * interval, 1_000 * interval];
  checkNumber(
    "trend.over",
    over,
    "a number of milliseconds",
    `from 12 to 1000 times 'interval' (${least} to ${most} milliseconds)`,
    (value) => value >= least && value <= most,
  );
  return { secondsLeft, over, headroom: parseSize("trend.headroom", headroom) };
}

function readIneffective(
  ineffective: NonNullable<RetireRules["ineffective"]>,
): Rules["ineffective"] {
  if (ineffective === false) return undefined;
  checkObject("ineffective", ineffective);
  const { watchdog, headroom = "10%", for: duration = 30_000 } = ineffective;
  checkShape("ineffective.watchdog", watchdog, "counters", "a Watchdog");
  checkDuration("ineffective.for", duration);
  return { watchdog, headroom: parseSize("ineffective.headroom", headroom), for: duration };
}

function readTurns(turns: RetireRules["turns"]): Turns | undefined {
  if (turns === undefined) return undefined;
  if (typeof turns === "string") return turnFolder(turns);
  const { take, up } = turns ?? {};
  if (typeof take !== "function" || typeof up !== "function") {
    throw new TypeError(
      `'turns' must be a folder, or an object with the methods take() and up(): current value is ${
        show(turns)
      }`,
    );
  }
  return turns;
}

function readList<T>(
  name: string,
  given: readonly T[] | undefined,
  otherwise: readonly T[],
  check: (name: string, item: T) => void,
): readonly T[] {
  if (given === undefined) return otherwise;
  if (!Array.isArray(given)) {
    throw new TypeError(`'${name}' must be an array: current value is ${show(given)}`);
  }
  given.forEach((item, i) => check(`${name}[${i}]`, item));
  return [...given];
}

function checkSignalName(name: string, value: unknown): void {
  if (typeof value === "string" && /^SIG[A-Z0-9]+$/.test(value)) return;
  throw new TypeError(
    `'${name}' must be a signal such as "SIGTERM": current value is ${show(value)}`,
  );
}

function checkDuration(name: string, value: unknown): void {
  checkNumber(
    name,
    value,
    "a number of milliseconds",
    `at least 0 and at most ${MAX_INTERVAL} milliseconds`,
    (value) => value >= 0 && value <= MAX_INTERVAL,
  );
}

function checkExitCode(name: string, value: unknown): void {
  checkNumber(
    name,
    value,
    "a number",
    "a whole number from 0 to 255",
    (value) => Number.isInteger(value) && value >= 0 && value <= 255,
  );
}
