import type { Logger } from "../watchdog/events.ts";

/** How much is printed, the least first. */
export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A logger of this level. */
export function loggerOf(level: LogLevel, print: (message: string) => void): Logger {
  const logger: Logger = {};
  for (const name of LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(level) + 1)) logger[name] = print;
  return logger;
}
