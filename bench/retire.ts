// What clients lose while processes that leak are replaced: two processes in a
// cgroup of 512 MiB, behind a balancer that never sends a request twice. They
// retire, exit at once when memory is short, or are left to the OOM killer:
// `deno task bench:retire [runtimes] [modes]`. Needs root and a writable memory cgroup. Prints a
// Markdown table, and exits with 1 if a process that retires loses a request.

import process from "node:process";
import { MiB } from "../mod.ts";
import { ChildGroup, findHierarchy } from "../tests/e2e/child_group.ts";
import { type Retired, retiring, type RetiringMode } from "../tests/e2e/retiring.ts";
import { findRuntimes, type Runtime } from "../tests/support/runtimes.ts";
import { occasion, title } from "./support/machine.ts";
import { markdown, tally } from "./support/table.ts";

const LIMIT = 512 * MiB;
/** Bytes kept of each request. */
const KEEPS = 128 * 1024;
const TIMEOUT = 240_000;

const hierarchy = findHierarchy();
if (hierarchy.problem !== undefined) {
  console.error(`cannot run: ${hierarchy.problem}`);
  process.exit(2);
}
const { version, folder } = hierarchy;

const modes = ["bare", "exit", "retire"] as const;
const [wanted = "deno,bun,node", wantedModes = modes.join()] = process.argv.slice(2);
const rows = [["runtime", "", "requests", "lost", "how", "ends"]];
let failed = false;
for (const runtime of findRuntimes()) {
  if (!wanted.includes(runtime.name)) continue;
  for (const mode of modes) {
    if (!wantedModes.includes(mode)) continue;
    const run = await runOnce(runtime, mode);
    const { 200: answered = 0, ...lost } = run.answers;
    const count = Object.values(lost).reduce((sum, n) => sum + n, 0);
    if (mode === "retire") failed ||= count > 0 || run.overlaps > 0;
    rows.push([
      title(runtime),
      mode,
      String(answered + count),
      String(count),
      Object.entries(lost).map(([how, times]) => `${how} ${times}×`).join(", ") || "–",
      tally(run.ends.flat().map(String)),
    ]);
    console.error(rows.at(-1)!.join(" "), run.overlaps, Math.round(run.milliseconds / 1_000), "s");
    if (process.env.MEMCTL_BENCH_OUTPUT) console.error(run.output.join("\n"));
  }
}
console.log(`${occasion()}\n\n${markdown(rows)}`);
process.exit(failed ? 1 : 0);

async function runOnce(runtime: Runtime, mode: RetiringMode): Promise<Retired> {
  const group = new ChildGroup(version!, folder!);
  try {
    group.forbidSwap();
    group.setLimit(LIMIT);
    return await retiring({
      runtime,
      mode,
      kind: "own",
      ends: mode === "retire" ? 10 : 3,
      requests: mode === "retire" ? 10_000 : 0,
      keeps: KEEPS,
      options: {
        // It grows by 80 MiB a second, and replacing a process takes about a second.
        level: { headroom: "40%", for: 200 },
        trend: false,
        interval: 50,
        minUptime: 0,
        grace: 400,
        deadline: 2_000,
      },
      group,
      timeout: TIMEOUT,
    });
  } finally {
    await group.remove();
  }
}
