// Which runtime a command starts.

import type { PlannedRuntime } from "./measured.ts";

/** What is known of a command. */
export interface Recognised {
  /** The runtime; `undefined`: it may start any, or none. */
  readonly runtime: PlannedRuntime | undefined;
  /** Whether it is a process of that runtime that starts the program as a further process. */
  readonly launches: boolean;
  /** Flags of the runtime, as far as they can be told from its program's arguments. */
  readonly flags: readonly string[];
  /** The command line that a script starts with, if it is recognised by that. */
  readonly interpreter?: readonly string[];
}

/** Looks at files. */
export interface Files {
  /** The line after `#!` of the file that a command is found at. */
  shebang(name: string): string | undefined;
  /** Whether a file of this name is there. */
  isFile(name: string): boolean;
}

const UNKNOWN: Recognised = { runtime: undefined, launches: false, flags: [] };

/** Programs that are scripts of Node, and start others. */
const LAUNCHERS = ["npm", "npx", "pnpm", "pnpx", "yarn", "yarnpkg", "corepack"];

/** Recognises a command by its name, its first arguments, and what its file starts with. */
export function recognise(words: readonly string[], files: Files): Recognised {
  return byName(words, files) ?? byShebang(words, files) ?? UNKNOWN;
}

function byName([name = "", ...args]: readonly string[], files: Files): Recognised | undefined {
  const program = baseName(name);
  const flags = leadingFlags(args);
  if (program === "node" || program === "nodejs") {
    return { runtime: "node", launches: flags.includes("--run"), flags };
  }
  if (LAUNCHERS.includes(program)) return { runtime: "node", launches: true, flags: [] };
  if (program === "deno") {
    const [subcommand, ...rest] = args.slice(flags.length);
    return {
      runtime: "deno",
      launches: subcommand === "task",
      flags: [...flags, ...leadingFlags(rest)],
    };
  }
  if (program === "bunx") return { runtime: "bun", launches: true, flags };
  if (program === "bun") return { runtime: "bun", launches: bunLaunches(args, files), flags };
  return undefined;
}

/** "bun FILE" and "bun run FILE" run a file; of other names Bun starts a script or a package. */
function bunLaunches(args: readonly string[], { isFile }: Files): boolean {
  const words = args.filter((word) => !word.startsWith("-"));
  if (words[0] === "x") return true;
  const target = words[0] === "run" ? words[1] : words[0];
  if (words[0] === "test" || words[0] === "build" || target === undefined) return false;
  return !isFile(target);
}

/** Follows "#!/usr/bin/env -S deno run" and the like, one step. */
function byShebang([name = ""]: readonly string[], files: Files): Recognised | undefined {
  const words = files.shebang(name)?.split(/\s+/).filter((word) => word !== "") ?? [];
  if (baseName(words[0] ?? "") === "env") {
    words.shift();
    while (/^-|=/.test(words[0] ?? "")) words.shift();
  }
  const found = byName(words, files);
  return found && { ...found, interpreter: words };
}

function leadingFlags(words: readonly string[]): string[] {
  const end = words.findIndex((word) => !word.startsWith("-") || word === "--");
  return words.slice(0, end === -1 ? words.length : end);
}

/** Without the folder, and without ".exe". */
function baseName(file: string): string {
  return file.split(/[/\\]/).at(-1)!.replace(/\.exe$/i, "");
}
