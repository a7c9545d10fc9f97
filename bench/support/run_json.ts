import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Runtime } from "../../tests/support/runtimes.ts";

/** Runs a program of this folder in a runtime and gives the JSON that it prints. */
export function runJson<T>(
  { name, command: [file, ...args] }: Runtime,
  program: string,
  programArgs: (string | number)[],
  v8Flags: string[] = [],
): T {
  const flags = {
    deno: v8Flags.length ? [`--v8-flags=${v8Flags.join()}`] : [],
    bun: [],
    node: v8Flags,
  };
  const { stdout, stderr, status } = spawnSync(
    file!,
    [
      ...args,
      ...flags[name],
      fileURLToPath(new URL(program, import.meta.url)),
      ...programArgs.map(String),
    ],
    { encoding: "utf8", maxBuffer: 1 << 26 },
  );
  if (status !== 0) throw new Error(`${program} failed in ${name}: ${stderr}`);
  return JSON.parse(stdout);
}
