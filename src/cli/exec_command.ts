import { openLauncher } from "../host/launcher.ts";
import { recognise } from "../plan/recognise.ts";
import type { Environment } from "../plan/setting.ts";
import type { Terminal } from "../terminal.ts";
import type { Flags } from "./flags.ts";
import { type Launcher, LaunchError, type Started } from "./launcher.ts";
import { NO_LIMIT, type Planned, planned, quoted, report, variablesOf } from "./planned.ts";
import { UsageError } from "./usage_error.ts";

/** `memctl exec`: becomes the command, or has its exit code. */
export async function execCommand(flags: Flags, terminal: Terminal): Promise<number> {
  const launcher = openLauncher();
  const { command = [], print, json } = flags;
  if (command.length === 0) throw new UsageError("exec needs a command after --");
  if (json && !print) throw new UsageError("exec takes --json only with --print");
  try {
    const { program, planned } = await prepare(command, flags, launcher);
    if (print) {
      terminal.write(json ? machineReport(program, planned) : humanReport(program, planned));
      return 0;
    }
    warn(planned, launcher);
    if (!flags.spawn) launcher.become(program);
    return await launcher.run(program);
  } catch (error) {
    if (!(error instanceof LaunchError)) throw error;
    launcher.writeError(`memctl: ${error.message}\n`);
    return error.code;
  }
}

/** The program with the environment of its plan. */
async function prepare(
  words: readonly string[],
  flags: Flags,
  launcher: Launcher,
): Promise<{ program: Started; planned: Planned }> {
  const file = launcher.find(words[0]!);
  const before = launcher.environment();
  const { runtime, launches, flags: typed } = recognise(words, {
    shebang: (name) => launcher.shebang(name === words[0] ? file : name),
    isFile: (name) => launcher.isFile(name),
  });
  const result = await planned(flags, launches && runtime !== "node" ? undefined : runtime, {
    environment: before,
    flags: typed,
    launchers: launches ? 1 : 0,
  });
  const environment: Environment = {
    ...before,
    ...Object.fromEntries(
      result.plan === undefined
        ? []
        : variablesOf(result.plan).map(({ name, value }) => [name, value]),
    ),
  };
  return { program: { file, words, environment }, planned: result };
}

/** One line for each thing that the user may not expect. */
function warn({ plan, problems }: Planned, launcher: Launcher): void {
  if (plan === undefined) launcher.writeError(`${NO_LIMIT}\n`);
  const kept = Object.values(plan?.runtimes ?? {}).flatMap(({ kept }) => kept);
  const lines = new Set([
    ...problems.map((problem) => `memctl: left out: ${problem}\n`),
    ...kept.map(({ name, value }) => `memctl: kept as it is: ${name}: ${value}\n`),
  ]);
  for (const line of lines) launcher.writeError(line);
}

function humanReport({ file, words }: Started, planned: Planned): string {
  return `${report(planned)}\nwould run ${file}: ${words.map(quoted).join(" ")}\n`;
}

function machineReport({ file, words }: Started, planned: Planned): string {
  return `${JSON.stringify({ file, command: words, ...planned })}\n`;
}
