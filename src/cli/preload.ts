// How a command is made to import auto.ts before its program.

import { fileURLToPath } from "node:url";
import type { PlannedRuntime } from "../plan/measured.ts";
import type { Environment, Setting } from "../plan/setting.ts";

/** The command, and what it is started with. */
export interface Preloading {
  /** With the flag, where a flag is needed. */
  readonly words: readonly string[];
  /** Variables, with the flags of the user's and of the plan before the new one. */
  readonly variables: readonly Setting[];
  /** Which programs it does not reach. */
  readonly problems: readonly string[];
}

/** What it takes to preload. */
export interface PreloadInput {
  readonly words: readonly string[];
  /** The runtime that the command starts; `undefined`: it may be any. */
  readonly runtime: PlannedRuntime | undefined;
  /** Whether that one only starts further programs. */
  readonly launches: boolean;
  /** The words of the first line of a script, such as `deno run -A`. */
  readonly interpreter: readonly string[] | undefined;
  /** With the variables of the plan. */
  readonly environment: Environment;
  /** What the plan was made for. */
  readonly limit: { readonly bytes: number; readonly source: string };
  isFile(name: string): boolean;
}

/** Subcommands of Deno that run a program in the same process. */
const DENO_RUNS = ["run", "serve", "test", "bench", "eval", "repl", "watch", "x"];

/**
 * Adds the preload.
 *
 * @param auto The URL of auto.ts; of auto.js in the package for npm.
 */
export function preload(input: PreloadInput, auto: URL): Preloading {
  const { runtime, launches } = input;
  const found = runtime === "deno" && !launches ? byFlag(input, auto) : byVariables(input, auto);
  const { bytes, source } = input.limit;
  if (source !== "--limit") return found;
  const reason = "the watchdog stays below this limit";
  const stated: Setting = { name: "MEMCTL_LIMIT", value: String(bytes), reason };
  return { ...found, variables: [...found.variables, stated] };
}

function byVariables(
  { words, runtime, launches, environment }: PreloadInput,
  auto: URL,
): Preloading {
  const variables: Setting[] = [];
  const problems: string[] = [];
  const reached = runtime === "node" || (runtime === "bun" && !launches)
    ? [runtime]
    : ["node", "bun"] as const;
  for (const one of reached) {
    const found = VARIABLES[one](auto);
    if ("problem" in found) problems.push(found.problem);
    else variables.push(added(found, environment));
  }
  if (runtime !== "node" && runtime !== "bun") {
    problems.push(`--watchdog does not reach programs in Deno that ${words[0]} starts`);
  }
  return { words, variables, problems };
}

const VARIABLES: Record<"node" | "bun", (auto: URL) => Found> = {
  node: (auto) => {
    if (auto.protocol !== "file:") return { problem: remote("Node", auto) };
    return { name: "NODE_OPTIONS", flag: `--import=${auto.href}` };
  },
  bun: (auto) => {
    if (auto.protocol !== "file:") return { problem: remote("Bun", auto) };
    const file = fileURLToPath(auto);
    // Bun divides the variable at each space, and knows no quotes.
    if (/\s/.test(file)) {
      return { problem: `--watchdog does not reach Bun: the path has a space: ${file}` };
    }
    return { name: "BUN_OPTIONS", flag: `--preload=${file}` };
  },
};

type Found = { name: string; flag: string } | { problem: string };

function remote(runtime: string, auto: URL): string {
  return `--watchdog does not reach ${runtime}, which cannot import ${auto.href}: ` +
    "install memctl as a package and run its memctl";
}

/** The flag behind those that are there. */
function added({ name, flag }: { name: string; flag: string }, environment: Environment): Setting {
  const before = environment[name]?.trim() ?? "";
  const value = before === "" ? flag : `${before} ${flag}`;
  return { name, value, reason: "it starts the watchdog before the program" };
}

/** Deno has no variable for its flags. */
function byFlag({ words, interpreter, isFile }: PreloadInput, auto: URL): Preloading {
  const [file, ...args] = words;
  const all = interpreter === undefined ? words : [...interpreter, file!, ...args];
  const place = all.findIndex((word, i) => i > 0 && !word.startsWith("-"));
  const word = all[place];
  const runs = word !== undefined && DENO_RUNS.includes(word);
  // "deno FILE" means "deno run FILE".
  if (!runs && (word === undefined || !(isFile(word) || word.includes(":")))) {
    const subcommand = word === undefined ? "deno" : `deno ${word}`;
    const problem = `--watchdog does not reach ${subcommand}, which takes no --preload`;
    return { words, variables: [], problems: [problem] };
  }
  const at = runs ? place + 1 : 1;
  const flag = `--preload=${auto.href}`;
  return { words: [...all.slice(0, at), flag, ...all.slice(at)], variables: [], problems: [] };
}

/** auto.ts beside these sources, or auto.js beside what they were compiled to. */
export function autoModule(): URL {
  const ending = import.meta.url.endsWith(".js") ? "js" : "ts";
  return new URL(`../../auto.${ending}`, import.meta.url);
}
