import { show } from "../check.ts";
import { watermarks } from "../watchdog/policy.ts";
import type { WatchdogOptions } from "../watchdog/watchdog.ts";
import { LOG_LEVELS, type LogLevel } from "./log.ts";
import { AUTO, type Form, LOG, OPTIONS } from "./variables.ts";

/** What the variables say. */
export interface Configuration {
  /** Whether nothing is to be started. */
  readonly isOff: boolean;
  readonly log: LogLevel;
  readonly options: WatchdogOptions;
  /** An error of the watchdog's about an option, as one about its variable. */
  explain(error: unknown): unknown;
}

/**
 * Reads every variable once. A variable that is empty counts as not set.
 *
 * @throws {RangeError} If the text of a variable is malformed.
 */
export function readVariables(
  variable: (name: string) => string | undefined,
): Configuration {
  const textOf = (name: string) => {
    const text = variable(name)?.trim();
    return text === "" ? undefined : text;
  };
  const isOff = valueOf(AUTO, textOf) === false;
  const log = levelOf(textOf(LOG));
  const options: Record<string, unknown> = {};
  const explain = (error: unknown) => explained(error, textOf);
  // A switch is there for the day on which something else is wrong.
  if (isOff) return { isOff, log, options, explain };
  for (const [option, variable] of Object.entries(OPTIONS)) {
    const value = valueOf(variable, textOf);
    if (value === undefined) continue;
    if (option === "watermarks") {
      try {
        options.policy = watermarks(value as number[]);
      } catch (error) {
        throw explain(error);
      }
      continue;
    }
    const [name, part] = option.split(".") as [string, string?];
    if (part === undefined) options[name] = value;
    else options[name] = { ...options[name] as object, [part]: value };
  }
  return { isOff, log, options: options as WatchdogOptions, explain };
}

function valueOf(
  { name, form }: { name: string; form: Form },
  textOf: (name: string) => string | undefined,
): unknown {
  const text = textOf(name);
  if (text === undefined) return undefined;
  const value = form.parse(text);
  if (value === undefined) throw malformed(name, form.rule, text);
  return value;
}

function levelOf(text: string | undefined): LogLevel {
  if (text === undefined) return "error";
  if (text === "1" || text === "true") return "info";
  const level = LOG_LEVELS.find((level) => level === text);
  if (level === undefined) throw malformed(LOG, `1 or one of ${LOG_LEVELS.join(", ")}`, text);
  return level;
}

function malformed(name: string, rule: string, text: string): RangeError {
  return new RangeError(`${name} must be ${rule}: current value is ${show(text)}`);
}

/** `'guard.minGap' must be …: current value is 0` with the variable, and with its text. */
function explained(error: unknown, textOf: (name: string) => string | undefined): unknown {
  if (!(error instanceof RangeError || error instanceof TypeError)) return error;
  const [, option = "", rule = ""] =
    /^'([\w.]+)' (.*?)(?:: current value is .*)?$/s.exec(error.message) ?? [];
  if (!Object.hasOwn(OPTIONS, option)) return error;
  const { name } = OPTIONS[option]!;
  const text = textOf(name);
  return new RangeError(
    `${name} ${rule}: ${text === undefined ? "it is not set" : `current value is ${show(text)}`}`,
  );
}
