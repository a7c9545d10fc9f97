// What a watch or a watchdog costs a process that does nothing else, and how
// evenly a watch ticks: `deno task bench:idle [seconds] [settle]`, ten seconds per
// row by default. The rows of the watchdog need root and a writable memory cgroup,
// and are measured so many seconds after the start, 12 by default.

import process from "node:process";
import { MiB } from "../mod.ts";
import { ChildGroup, findHierarchy } from "../tests/e2e/child_group.ts";
import { findRuntimes, type Runtime } from "../tests/support/runtimes.ts";
import type { Idle } from "./support/idle_program.ts";
import { occasion, title } from "./support/machine.ts";
import { runJson } from "./support/run_json.ts";
import { markdown } from "./support/table.ts";

/**
 * Milliseconds. About 9 s after the start of a program, Node's engine shrinks the
 * heap once. Bun's engine collects once a second during the first half minute.
 */
const SETTLE = Number(process.argv[3] ?? 12) * 1_000;
const seconds = Number(process.argv[2] ?? 10);
if (!(seconds > 0)) throw new RangeError(`seconds must be above 0, not ${process.argv[2]}`);
if (!(SETTLE >= 0)) throw new RangeError(`settle must be at least 0, not ${process.argv[3]}`);

console.log(`${occasion()}; ${seconds} s per row.\n`);
for (const runtime of findRuntimes()) {
  const nothing = idle(runtime, "nothing", 1000).cpu;
  console.log(
    `**${title(runtime)}**: without a watch ${nothing.toFixed(2)} ms of CPU per second\n`,
  );
  console.log(markdown([
    ["interval", "CPU per second, ms", "a timer's alone", "ticks", "off by p50, ms", "p99", "max"],
    ...[1000, 100, 10, 1].map((interval) => {
      const { cpu, ticks, p50, p99, max } = idle(runtime, "watch", interval);
      const bare = idle(runtime, "timer", interval).cpu;
      return [
        `${interval} ms`,
        (cpu - nothing).toFixed(2),
        (bare - nothing).toFixed(2),
        String(ticks + 1),
        ...[p50, p99, max].map((off) => off.toFixed(2)),
      ];
    }),
  ]));
  console.log();
}

const hierarchy = findHierarchy();
if (hierarchy.problem === undefined) {
  console.log("**An idle process with a watchdog**, in cgroups with a limit\n");
  const rows: string[][] = [];
  for (const runtime of findRuntimes()) {
    for (const limit of [128, 500]) {
      const group = new ChildGroup(hierarchy.version, hierarchy.folder);
      try {
        group.setLimit(limit * MiB);
        const bare = idle(runtime, "nothing", 25, group).cpu;
        const { cpu, reads } = idle(runtime, "watchdog", 25, group);
        rows.push([title(runtime), String(limit), (cpu - bare).toFixed(2), reads.toFixed(1)]);
      } finally {
        await group.remove();
      }
    }
  }
  console.log(
    markdown([["", "limit, MiB", "CPU per second, ms", "reads of files per second"], ...rows]),
  );
} else {
  console.log(`No rows of the watchdog: ${hierarchy.problem}`);
}

function idle(
  runtime: Runtime,
  how: "watch" | "watchdog" | "timer" | "nothing",
  interval: number,
  group?: ChildGroup,
): Idle {
  const settle = group === undefined ? 500 : SETTLE;
  return runJson(runtime, "idle_program.ts", [how, interval, seconds * 1000, settle], [], group);
}
