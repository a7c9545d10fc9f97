import { parseArgs, type ParseArgsConfig } from "node:util";
import { doctor } from "./doctor.ts";
import { plotCommand } from "./plot_command.ts";
import type { Flags } from "./flags.ts";
import type { Terminal } from "../terminal.ts";
import { UsageError } from "./usage_error.ts";
import { watchCommand } from "./watch_command.ts";

const HELP = `memctl: what this process may know of its memory

usage: memctl doctor [--json]
       memctl watch [--interval MS] [--count N] [--usage WHICH] [--json]
       memctl plot FILE [--output FILE] [--width N] [--height N]

  doctor  which signals there are, where from, why not the others, and what
          to change
  watch   memory as it goes: a live view in a terminal, lines elsewhere
  plot    a chart (SVG) of what "watch --json" has recorded; FILE may be -

  --interval MS   milliseconds between two samples (1000)
  --count N       end after so many samples
  --usage WHICH   what headroom subtracts: current or workingSet (current)
  --json          for machines; watch: one object per line
  --output FILE   where the chart goes (standard output)
  --width N, --height N   of the chart, in pixels (900, 420)
  --help          this text

exit code: 0 all well; 1 doctor found something to change, or a file cannot be
read; 2 the command line is wrong
`;

const OPTIONS = {
  doctor: { json: { type: "boolean" } },
  watch: {
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
} as const satisfies Record<string, ParseArgsConfig["options"]>;

type Command = (flags: Flags, terminal: Terminal) => number | Promise<number>;

const COMMANDS: Record<keyof typeof OPTIONS, Command> = {
  doctor,
  watch: watchCommand,
  plot: plotCommand,
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

function run([name, ...args]: readonly string[], terminal: Terminal): number | Promise<number> {
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
  if (command === "plot") {
    if (positionals.length !== 1) {
      throw new UsageError(`plot takes one file: current value is ${positionals.length} of them`);
    }
  } else if (positionals.length > 0) {
    throw new UsageError(`${command} takes no argument: current value is "${positionals[0]}"`);
  }
  return COMMANDS[command]({ ...values, file: positionals[0] }, terminal);
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
