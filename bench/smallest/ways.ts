// How a program is started.

import { fileURLToPath } from "node:url";
import type { Runtime } from "../../tests/support/runtimes.ts";

/** One way to start a file. */
export interface Way {
  name: string;
  command: string[];
}

const cli = fileURLToPath(new URL("../../cli.ts", import.meta.url));

/** The plain start first, then the runtime's own switch, then memctl. */
export function waysOf({ name, command }: Runtime, file: string): Way[] {
  const start = (...before: string[]) => ["env", "NODE_ENV=production", ...before];
  const plain = [...command, file];
  const own: Way[] = {
    deno: [{ name: "deno, DENO_USE_CGROUPS=1", command: start("DENO_USE_CGROUPS=1", ...plain) }],
    bun: [{ name: "bun --smol", command: start(command[0]!, "--smol", file) }],
    // Node sizes itself by the container.
    node: [],
  }[name];
  return [
    { name, command: start(...plain) },
    ...own,
    { name: `memctl exec, ${name}`, command: start(...command, cli, "exec", "--", ...plain) },
  ];
}
