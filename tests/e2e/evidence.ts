// Runs a workload whose live data grow until the kernel kills it, under a
// watchdog that writes evidence, and tells what is on disk afterwards.

import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { MiB } from "../../mod.ts";
import type { EvidenceReport } from "../../watchdog.ts";
import type { Runtime } from "../support/runtimes.ts";
import { withTempFolder } from "../support/temp.ts";
import { ChildGroup, type Ended, type Hierarchy } from "./child_group.ts";

/** How to run it. All sizes are MiB. */
export interface EvidenceRun {
  runtime: Runtime;
  kind: "objects" | "buffers";
  limit: number;
  /** Live after a second, and what comes each second after it. */
  live: number;
  rate: number;
  /** Live at most. Default: it grows until it is killed. */
  most?: number;
  /** Without it, the same without evidence. Default: `true`. */
  evidence?: boolean;
}

/** What became of it. */
export interface EvidenceOutcome extends Ended {
  /** Of each report: it and its profile, as parsed. */
  found: { report: EvidenceReport; profile: { head: unknown; samples: unknown[] } | undefined }[];
  /** Names of all other files. */
  others: string[];
  /** MiB that were live at last. */
  live: number;
  /** MiB that were live when evidence was complete, by the output; 0: never. */
  liveAtEvidence: number;
}

/** Runs it. */
export function runToTheKill(
  { version, folder: parent }: Hierarchy & { problem?: never },
  { runtime, kind, limit, live, rate, most = 1e6, evidence = true }: EvidenceRun,
): Promise<EvidenceOutcome> {
  return withTempFolder(async (folder) => {
    const group = new ChildGroup(version, parent);
    try {
      group.forbidSwap();
      group.setLimit(limit * MiB);
      const program = fileURLToPath(new URL("workloads/evidence.ts", import.meta.url));
      const target = evidence ? folder : "none";
      const args = [target, kind, live, rate, most].map(String);
      const ended = await group.run([...runtime.command, program, ...args], 120_000);
      return { ...ended, ...readFolder(folder), ...readOutput(ended.output) };
    } finally {
      await group.remove();
    }
  });
}

function readFolder(folder: string): Pick<EvidenceOutcome, "found" | "others"> {
  const names = new Set(fs.readdirSync(folder));
  const parse = (name: string) => {
    names.delete(name);
    return JSON.parse(fs.readFileSync(path.join(folder, name), "utf8"));
  };
  const found: EvidenceOutcome["found"] = [];
  for (const name of [...names]) {
    if (!name.endsWith(".evidence.json")) continue;
    const report: EvidenceReport = parse(name);
    const { file } = report.profile;
    found.push({ report, profile: file === undefined ? undefined : parse(file) });
  }
  return { found, others: [...names] };
}

function readOutput(output: string): Pick<EvidenceOutcome, "live" | "liveAtEvidence"> {
  let live = 0;
  let liveAtEvidence = 0;
  for (const line of output.split("\n")) {
    const size = /^live (\d+)$/.exec(line)?.[1];
    if (size !== undefined) live = Number(size);
    if (line.startsWith("watchdog: evidence written")) liveAtEvidence = live;
  }
  return { live, liveAtEvidence };
}
