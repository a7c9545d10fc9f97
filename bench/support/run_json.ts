import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ChildGroup } from "../../tests/e2e/child_group.ts";
import type { Runtime } from "../../tests/support/runtimes.ts";

/** A script that moves itself into a cgroup and becomes a program. */
const MOVE = 'echo 0 > "$0/cgroup.procs" && exec "$@"';

/**
 * Runs a program of this folder in a runtime and gives the JSON that it prints.
 *
 * @param group The cgroup to run it in. Default: that of this process.
 */
export function runJson<T>(
  { name, command: [file, ...args] }: Runtime,
  program: string,
  programArgs: (string | number)[],
  v8Flags: string[] = [],
  group?: ChildGroup,
): T {
  const flags = {
    deno: v8Flags.length ? [`--v8-flags=${v8Flags.join()}`] : [],
    bun: [],
    node: v8Flags,
  };
  const command = [
    file!,
    ...args,
    ...flags[name],
    fileURLToPath(new URL(program, import.meta.url)),
    ...programArgs.map(String),
  ];
  if (group !== undefined) command.unshift("sh", "-c", MOVE, group.folder);
  const { stdout, stderr, status } = spawnSync(
    command[0]!,
    command.slice(1),
    { encoding: "utf8", maxBuffer: 1 << 26 },
  );
  if (status !== 0) throw new Error(`${program} failed in ${name}: ${stderr}`);
  return JSON.parse(stdout);
}
