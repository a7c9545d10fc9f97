import { openLauncher } from "../host/launcher.ts";
import { recognise } from "../plan/recognise.ts";
import type { Environment, Setting } from "../plan/setting.ts";
import type { Terminal } from "../terminal.ts";
import type { Flags } from "./flags.ts";
import { type Launcher, LaunchError, type Started } from "./launcher.ts";
import { NO_LIMIT, type Planned, planned, quoted, report, variablesOf } from "./planned.ts";
import type { Preloading } from "./preload.ts";
import { UsageError } from "./usage_error.ts";

/** `memctl exec`: becomes the command, or has its exit code. */
export async function execCommand(flags: Flags, terminal: Terminal): Promise<number> {
  const launcher = openLauncher();
  const { command = [], print, json } = flags;
  if (command.length === 0) throw new UsageError("exec needs a command after --");
  if (json && !print) throw new UsageError("exec takes --json only with --print");
  try {
    const { program, planned, preloading } = await prepare(command, flags, launcher);
    if (print) {
      terminal.write((json ? machineReport : humanReport)(program, planned, preloading));
      return 0;
    }
    warn(planned, preloading, launcher);
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
): Promise<{ program: Started; planned: Planned; preloading: Preloading | undefined }> {
  const file = launcher.find(words[0]!);
  const before = launcher.environment();
  const { runtime, launches, flags: typed, interpreter } = recognise(words, {
    shebang: (name) => launcher.shebang(name === words[0] ? file : name),
    isFile: (name) => launcher.isFile(name),
  });
  const result = await planned(flags, launches && runtime !== "node" ? undefined : runtime, {
    environment: before,
    flags: typed,
    launchers: launches ? 1 : 0,
  });
  let environment = withVariables(
    before,
    result.plan === undefined ? [] : variablesOf(result.plan),
  );
  let started = words;
  let preloading: Preloading | undefined;
  if (flags.watchdog && result.plan !== undefined) {
    // Not with the others: few starts need it.
    const { autoModule, preload } = await import("./preload.ts");
    const isFile = (name: string) => launcher.isFile(name);
    preloading = preload(
      { words, runtime, launches, interpreter, environment, isFile, limit: result.limit },
      autoModule(),
    );
    environment = withVariables(environment, preloading.variables);
    started = preloading.words;
  }
  const program = started[0] === words[0] ? file : launcher.find(started[0]!);
  return {
    program: { file: program, words: started, environment },
    planned: result,
    preloading,
  };
}

function withVariables(environment: Environment, settings: readonly Setting[]): Environment {
  return {
    ...environment,
    ...Object.fromEntries(settings.map(({ name, value }) => [name, value])),
  };
}

/** One line for each thing that the user may not expect. */
function warn(
  { plan, problems }: Planned,
  preloading: Preloading | undefined,
  launcher: Launcher,
): void {
  if (plan === undefined) launcher.writeError(`${NO_LIMIT}\n`);
  const kept = Object.values(plan?.runtimes ?? {}).flatMap(({ kept }) => kept);
  const lines = new Set([
    ...problems.map((problem) => `memctl: left out: ${problem}\n`),
    ...kept.map(({ name, value }) => `memctl: kept as it is: ${name}: ${value}\n`),
    ...(preloading?.problems ?? []).map((problem) => `memctl: ${problem}\n`),
  ]);
  for (const line of lines) launcher.writeError(line);
}

function humanReport(
  { file, words }: Started,
  planned: Planned,
  preloading: Preloading | undefined,
): string {
  const { variables = [], problems = [] } = preloading ?? {};
  const watchdog = [
    ...variables.map(({ name, value, reason }) => `  ${name}=${quoted(value)}\n      ${reason}\n`),
    ...problems.map((problem) => `  ${problem}\n`),
  ];
  return `${report(planned)}\n${watchdog.length === 0 ? "" : `watchdog:\n${watchdog.join("")}\n`}` +
    `would run ${file}: ${words.map(quoted).join(" ")}\n`;
}

function machineReport(
  { file, words }: Started,
  planned: Planned,
  preloading: Preloading | undefined,
): string {
  const { variables, problems } = preloading ?? {};
  const watchdog = preloading && { environment: variables, problems };
  return `${JSON.stringify({ file, command: words, ...planned, watchdog })}\n`;
}
