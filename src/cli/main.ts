import { parseArgs, type ParseArgsConfig } from "node:util";
import type { Flags } from "./flags.ts";
import type { Terminal } from "../terminal.ts";
import { UsageError } from "./usage_error.ts";

const HELP = `memctl: memory of a process, its container and its host

usage: memctl doctor [PLACE] [--json]
       memctl watch [PLACE] [--interval MS] [--count N] [--usage WHICH] [--json]
       memctl plot FILE [--output FILE] [--width N] [--height N]
       memctl plan [SIZES] [--runtime NAME] [--json | --shell]
       memctl report FILE [--run N] [--output FILE] [--json]
       memctl exec [SIZES] [--watchdog] [--print [--json]] [--spawn] -- COMMAND…

  doctor  prints each signal with its source, why others are unavailable, and
          what to change, with the flag or variable that changes it
  watch   prints memory periodically: a live view in a terminal, lines elsewhere
  plot    draws a chart (SVG) of a recording of "watch --json"; FILE may be -
  plan    prints heap sizes, flags and variables that fit the memory limit of
          this process, each with its reason
  report  prints how the last run ended that @x/memctl/recorder recorded in FILE
  exec    starts COMMAND with these variables, and becomes that process

  --interval MS   milliseconds between two samples (1000)
  --count N       end after so many samples
  --usage WHICH   what headroom subtracts: current or workingSet (current)
  --json          prints JSON; watch: one object per line
  --output FILE   file for the chart (standard output)
  --width N, --height N   of the chart, in pixels (900, 420)
  --run N         report on this run (the latest that has ended)
  --runtime NAME  plan only for deno, bun or node
  --shell         plan as lines for a shell: eval "$(memctl plan --shell)"
  --watchdog      start the watchdog in COMMAND too, if there is a limit
  --print         print what exec would do, and start nothing
  --spawn         start COMMAND as a child and pass signals on to it
  --help          print this text

PLACE:
  --pid PID       another process: its cgroup, RSS and pressure (Linux only)
  --root FOLDER   the folder that holds the proc and sys to read (/)
  --limit SIZE    a memory limit that cannot be seen from inside

SIZES; a size is a number of bytes, or one with K, M or G:
  --limit SIZE    plan for this limit, if the limit of the cgroup is not smaller
                  (variable MEMCTL_LIMIT)
  --processes N   processes that share the limit (1)
  --workers N     worker threads in each process, or "fit" (0)
  --worker-bytes SIZE   heap that each worker needs
  --buffers SIZE  buffers and native memory of each process (0)
  --reserve SIZE  leave this much of the limit, or a share such as 10%, unused (0)

exit codes:
  0    no error, or the process has ended
  1    doctor found something to change, or a file or process cannot be read
  2    the command line is wrong, or the limit is too small or cannot be read
  exec ends with the exit code of COMMAND, with 126 if it cannot be executed, and
  with 127 if it was not found.
`;

/** What a plan is made for. */
const SIZES = {
  limit: { type: "string" },
  processes: { type: "string" },
  workers: { type: "string" },
  "worker-bytes": { type: "string" },
  buffers: { type: "string" },
  reserve: { type: "string" },
} as const;

/** What is sampled. */
const PLACE = {
  pid: { type: "string" },
  root: { type: "string" },
  limit: { type: "string" },
} as const;

const OPTIONS = {
  doctor: { ...PLACE, json: { type: "boolean" } },
  watch: {
    ...PLACE,
    interval: { type: "string" },
    count: { type: "string" },
    usage: { type: "string" },
    json: { type: "boolean" },
  },
  plot: {
    output: { type: "string", short: "o" },
    width: { type: "string" },
    height: { type: "string" },
  },
  plan: {
    ...SIZES,
    runtime: { type: "string" },
    json: { type: "boolean" },
    shell: { type: "boolean" },
  },
  report: {
    run: { type: "string" },
    output: { type: "string", short: "o" },
    json: { type: "boolean" },
  },
  exec: {
    ...SIZES,
    print: { type: "boolean" },
    json: { type: "boolean" },
    spawn: { type: "boolean" },
    watchdog: { type: "boolean" },
  },
} as const satisfies Record<string, ParseArgsConfig["options"]>;

type Command = (flags: Flags, terminal: Terminal) => number | Promise<number>;

/** Each command loads what it needs, so that `exec` loads little. */
const COMMANDS: Record<keyof typeof OPTIONS, Command> = {
  doctor: async (...args) => (await import("./doctor.ts")).doctor(...args),
  watch: async (...args) => (await import("./watch_command.ts")).watchCommand(...args),
  plot: async (...args) => (await import("./plot_command.ts")).plotCommand(...args),
  plan: async (...args) => (await import("./plan_command.ts")).planCommand(...args),
  report: async (...args) => (await import("./report_command.ts")).reportCommand(...args),
  exec: async (...args) => (await import("./exec_command.ts")).execCommand(...args),
};

/**
 * Runs one command.
 *
 * @param args The arguments, without the program's own.
 * @param terminal Where it runs.
 * @returns The exit code.
 */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await run(args, terminal);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    terminal.writeError(`memctl: ${error.message}\nTry: memctl --help\n`);
    return 2;
  }
}

function run(words: readonly string[], terminal: Terminal): number | Promise<number> {
  const [name, ...rest] = words;
  // All that follows -- belongs to the command that exec starts.
  const end = name === "exec" ? rest.indexOf("--") : -1;
  const args = end === -1 ? rest : rest.slice(0, end);
  const started = end === -1 ? undefined : rest.slice(end + 1);
  if (name === "--help" || name === "-h" || name === "help" || args.includes("--help")) {
    terminal.write(HELP);
    return 0;
  }
  const names = Object.keys(COMMANDS).join(", ");
  if (name === undefined) throw new UsageError(`a command is missing: one of ${names}`);
  if (!(Object.hasOwn(COMMANDS, name))) {
    throw new UsageError(`the command must be one of ${names}: current value is "${name}"`);
  }
  const command = name as keyof typeof OPTIONS;
  const { values, positionals } = parse(args, command);
  if (command === "plot" || command === "report") {
    if (positionals.length !== 1) {
      throw new UsageError(
        `${command} takes one file: current value is ${positionals.length} of them`,
      );
    }
  } else if (command === "exec" && positionals.length > 0) {
    throw new UsageError(`exec needs -- before its command: current value is "${positionals[0]}"`);
  } else if (positionals.length > 0) {
    throw new UsageError(`${command} takes no argument: current value is "${positionals[0]}"`);
  }
  return COMMANDS[command]({ ...values, file: positionals[0], command: started }, terminal);
}

/** Flags by name, and the rest. */
function parse(
  args: readonly string[],
  command: keyof typeof OPTIONS,
): { values: Flags; positionals: string[] } {
  try {
    const options: ParseArgsConfig["options"] = OPTIONS[command];
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    if (!code?.startsWith("ERR_PARSE_ARGS_")) throw error;
    // The first sentence names the option; the rest is of positionals.
    throw new UsageError(`${command}: ${message.split(/\. |\n/)[0]}`);
  }
}
