// A program in this process's place.

import process from "node:process";
import type { Started } from "../src/cli/launcher.ts";
import { isPermitted } from "./deno.ts";
import { closedFiles } from "./inherited_files.ts";
import { type Libc, openLibc } from "./libc.ts";

/**
 * Signals that a runtime ignores. A program inherits that, and its own
 * programs would: `yes | head` would end with an error message.
 */
const IGNORED = { SIGPIPE: 13, SIGXFSZ: 25 } as const;

/** Puts a program in this process's place; returns where that is impossible. */
export function become({ file, words, environment }: Started): void {
  if (process.platform === "win32") return;
  if (!isPermitted({ name: "ffi" }) || !isPermitted({ name: "run" })) return;
  const pairs = Object.entries(environment).filter((pair) => pair[1] !== undefined);
  const libc = openLibc();
  if (libc !== undefined) {
    return becomeByLibc(libc, file, words, pairs.map(([name, value]) => `${name}=${value}`));
  }
  const { execve } = process as { execve?: Execve };
  // Node would close the files that it inherited below 16. A child can have them.
  if (execve === undefined || closedFiles().length > 0) return;
  // A signal that is handled gets its default action in the program.
  for (const signal of Object.keys(IGNORED)) process.on(signal, () => {});
  restoreStreams();
  execve(file, words, Object.fromEntries(pairs) as Record<string, string>);
}

type Execve = (file: string, words: readonly string[], env: Record<string, string>) => void;

function becomeByLibc(
  libc: Libc,
  file: string,
  words: readonly string[],
  environment: readonly string[],
): void {
  for (const signal of Object.values(IGNORED)) libc.resetSignal(signal);
  if (libc.keepOpen !== undefined) closedFiles().forEach(libc.keepOpen);
  const strings = (texts: readonly string[]) =>
    texts.map((text) => new TextEncoder().encode(`${text}\0`));
  const table = (strings: Uint8Array[]) =>
    BigUint64Array.from([...strings.map((bytes) => libc.addressOf(bytes)), 0n]);
  const [fileString, wordStrings, variableStrings] = [
    strings([file])[0]!,
    strings(words),
    strings(environment),
  ];
  libc.execve(fileString, table(wordStrings), table(variableStrings));
  // Used after the call, so that what the tables point to lives until then.
  wordStrings.length = variableStrings.length = 0;
}

/** Node opens the standard streams by itself, and pipes are non-blocking from then on. */
function restoreStreams(): void {
  for (const stream of [process.stdin, process.stdout, process.stderr]) {
    const { _handle: handle } = stream as { _handle?: { setBlocking?(on: boolean): void } | null };
    handle?.setBlocking?.(true);
  }
}
