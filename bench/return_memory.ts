// What returns to the kernel after a burst of 206 MiB of buffers, in a cgroup of
// 320 MiB: `deno task bench:return-memory [runtime]`. Needs root and a writable
// memory cgroup.

import process from "node:process";
import { fileURLToPath } from "node:url";
import { MiB } from "../mod.ts";
import { ChildGroup, findHierarchy } from "../tests/e2e/child_group.ts";
import { findRuntimes, type Runtime } from "../tests/support/runtimes.ts";
import { occasion, title } from "./support/machine.ts";
import type { ReturnCost } from "./support/return_program.ts";
import { markdown } from "./support/table.ts";

const LIMIT = 320 * MiB;

const hierarchy = findHierarchy();
if (hierarchy.problem !== undefined) {
  console.error(`cannot run: ${hierarchy.problem}`);
  process.exit(1);
}
const { version, folder } = hierarchy;

console.log(`${occasion()}; MiB of anonymous memory, in a cgroup of ${LIMIT / MiB} MiB.\n`);
const rows = [[
  "runtime",
  "`returnMemory`",
  "in the burst",
  "12 s later",
  "heap then",
  "calls",
  "stall, ms",
]];
const notes: string[] = [];
for (const runtime of findRuntimes()) {
  if (process.argv[2] !== undefined && process.argv[2] !== runtime.name) continue;
  for (const mode of ["off", "on"]) {
    const { most, last, runtimeTotal, counters, stall, messages } = await measure(runtime, mode);
    const mib = (bytes: number) => (bytes / MiB).toFixed(0);
    rows.push([
      title(runtime),
      mode,
      mib(most),
      mib(last),
      mib(runtimeTotal),
      String(counters.returns),
      stall.toFixed(0),
    ]);
    notes.push(...messages.map((message) => `- ${runtime.name}, ${mode}: ${message}`));
  }
}
console.log(`${markdown(rows)}\n\n${notes.join("\n")}`);

async function measure(runtime: Runtime, mode: string): Promise<ReturnCost> {
  const group = new ChildGroup(version, folder);
  try {
    group.forbidSwap();
    group.setLimit(LIMIT);
    const program = fileURLToPath(new URL("support/return_program.ts", import.meta.url));
    // Only Deno knows the variable.
    const command = ["env", "DENO_USR2_MEMORY_TRIM=1", ...runtime.command, program, mode];
    const { output } = await group.run(command, 120_000);
    const report = /^\{.*\}$/m.exec(output)?.[0];
    if (report === undefined) throw new Error(`${runtime.name}: ${output}`);
    return JSON.parse(report);
  } finally {
    await group.remove();
  }
}
