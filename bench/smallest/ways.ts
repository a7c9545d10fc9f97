// How a program is started.

import { fileURLToPath } from "node:url";
import type { Runtime } from "../../tests/support/runtimes.ts";

/** Plainly, with the runtime's own switch, and by memctl. */
export const WAYS = ["plain", "own", "exec", "watchdog"] as const;
export type WayName = (typeof WAYS)[number];

/** One way to start a file. */
export interface Way {
  name: WayName;
  /** As the table names it. */
  title: string;
  command: string[];
}

const cli = fileURLToPath(new URL("../../cli.ts", import.meta.url));

/** The plain start first. Node has no switch: it sizes itself by the container. */
export function waysOf({ name, command }: Runtime, file: string): Way[] {
  const start = (...before: string[]) => ["env", "NODE_ENV=production", ...before];
  const plain = [...command, file];
  const exec = (...flags: string[]) => start(...command, cli, "exec", ...flags, "--", ...plain);
  const own: Partial<Record<typeof name, [string, string[]]>> = {
    deno: ["DENO_USE_CGROUPS=1", start("DENO_USE_CGROUPS=1", ...plain)],
    bun: ["--smol", start(command[0]!, "--smol", file)],
  };
  const [title, ownCommand] = own[name] ?? [];
  return [
    { name: "plain", title: "plain", command: start(...plain) },
    ...(title === undefined ? [] : [{ name: "own" as const, title, command: ownCommand! }]),
    { name: "exec", title: "memctl exec", command: exec() },
    { name: "watchdog", title: "memctl exec --watchdog", command: exec("--watchdog") },
  ];
}
