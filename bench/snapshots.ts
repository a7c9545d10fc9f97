// What writing a heap snapshot takes beyond what is in use, in each runtime:
// `deno task bench:snapshots [runtime]`. Needs root and a writable memory cgroup.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { MiB } from "../mod.ts";
import { ChildGroup, findHierarchy } from "../tests/e2e/child_group.ts";
import { findRuntimes, type Runtime } from "../tests/support/runtimes.ts";
import { occasion, title } from "./support/machine.ts";
import type { SnapshotCost } from "./support/snapshot_program.ts";
import { markdown } from "./support/table.ts";

const LIMIT = 3_000 * MiB;
const DATA: [string, number[]][] = [
  ["objects", [25, 50, 100, 150]],
  ["small objects", [25, 100]],
  ["references", [50]],
  ["numbers", [50]],
  ["strings", [50, 150]],
  ["Buffers", [150]],
];

const hierarchy = findHierarchy();
if (hierarchy.problem !== undefined) {
  console.error(`cannot run: ${hierarchy.problem}`);
  process.exit(1);
}

console.log(`${occasion()}; MiB, in a cgroup of ${LIMIT / MiB} MiB.\n`);
for (const runtime of findRuntimes()) {
  if (process.argv[2] !== undefined && process.argv[2] !== runtime.name) continue;
  console.log(`**${title(runtime)}**\n`);
  const rows = [[
    "live",
    "heapUsed",
    "cgroup before",
    "peak",
    "extra",
    "extra, × heapUsed",
    "extra resident",
    "× heapUsed",
    "file",
    "seconds",
  ]];
  rows.push(["nothing", ...describe(await measure(runtime, "Buffers", 0))]);
  for (const [kind, sizes] of DATA) {
    for (const size of sizes) {
      rows.push([`${kind}, ${size}`, ...describe(await measure(runtime, kind, size))]);
    }
  }
  console.log(`${markdown(rows)}\n`);
}

function describe(cost: SnapshotCost): string[] {
  const extra = cost.peak - cost.before;
  const resident = cost.rssPeak - cost.rssBefore;
  const mib = (bytes: number) => (bytes / MiB).toFixed(0);
  return [
    mib(cost.heapUsed),
    mib(cost.before),
    mib(cost.peak),
    mib(extra),
    (extra / cost.heapUsed).toFixed(1),
    mib(resident),
    (resident / cost.heapUsed).toFixed(1),
    mib(cost.file),
    (cost.milliseconds / 1000).toFixed(1),
  ];
}

async function measure(runtime: Runtime, kind: string, size: number): Promise<SnapshotCost> {
  const { version, folder } = hierarchy as typeof hierarchy & { problem?: never };
  const group = new ChildGroup(version, folder);
  const target = fs.mkdtempSync(path.join(os.tmpdir(), "memctl-"));
  try {
    group.forbidSwap();
    group.setLimit(LIMIT);
    const program = fileURLToPath(new URL("support/snapshot_program.ts", import.meta.url));
    const { output } = await group.run([
      ...runtime.command,
      program,
      kind,
      String(size),
      ...(version === 1
        ? ["memory.usage_in_bytes", "memory.max_usage_in_bytes"]
        : ["memory.current", "memory.peak"]).map((file) => path.join(group.folder, file)),
      target,
    ], 180_000);
    const report = /^\{.*\}$/m.exec(output)?.[0];
    if (report === undefined) {
      throw new Error(`${kind} of ${size} MiB in ${runtime.name}: ${output}`);
    }
    return JSON.parse(report);
  } finally {
    await group.remove();
    fs.rmSync(target, { recursive: true });
  }
}
