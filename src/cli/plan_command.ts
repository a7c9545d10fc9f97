import { openLauncher } from "../host/launcher.ts";
import { PLANNED_RUNTIMES, type PlannedRuntime } from "../plan/measured.ts";
import type { Environment } from "../plan/setting.ts";
import type { Terminal } from "../terminal.ts";
import type { Flags } from "./flags.ts";
import { LaunchError } from "./launcher.ts";
import { NO_LIMIT, planned, quoted, report, variablesOf } from "./planned.ts";
import { UsageError } from "./usage_error.ts";

/** `memctl plan`: exit code 0 also without a limit. */
export async function planCommand(flags: Flags, terminal: Terminal): Promise<number> {
  const { json, shell } = flags;
  if (json && shell) throw new UsageError("--json and --shell exclude each other");
  const environment = environmentHere();
  const result = await planned(flags, runtimeOf(flags.runtime), {
    environment,
    flags: [],
    launchers: 0,
  });
  if (json) terminal.write(`${JSON.stringify(result)}\n`);
  else if (!shell) terminal.write(report(result));
  else if (result.plan === undefined) terminal.writeError(`${NO_LIMIT}\n`);
  else {
    const lines = variablesOf(result.plan).map(({ name, value }) =>
      `export ${name}=${quoted(value)}\n`
    );
    terminal.write(lines.join(""));
  }
  return 0;
}

function environmentHere(): Environment {
  try {
    return openLauncher().environment();
  } catch (error) {
    if (!(error instanceof LaunchError)) throw error;
    throw new UsageError(error.message);
  }
}

function runtimeOf(text: string | undefined): PlannedRuntime | undefined {
  if (text === undefined) return undefined;
  const runtime = PLANNED_RUNTIMES.find((name) => name === text);
  if (runtime !== undefined) return runtime;
  throw new UsageError(
    `--runtime must be one of ${PLANNED_RUNTIMES.join(", ")}: current value is "${text}"`,
  );
}
