// Checks and suites that tests/run.ts runs side by side, and what they report.

import { spawn } from "node:child_process";
import process from "node:process";
import { counted, type Counts, countTests } from "./counts.ts";

/** A command that is one check, or that runs tests. */
export interface Job {
  name: string;
  /**
   * A check passes or fails as one. A suite counts its tests, and has failed if
   * none ran.
   */
  kind: "check" | "suite";
  command: string[];
  /** Environment variables besides those of this process. */
  env?: Record<string, string>;
  /** A suite of which all tests may be skipped. Default: `false`. */
  maySkip?: boolean;
}

/** Runs all jobs, `atOnce` at a time, the first ones first. Prints how each one ended. */
export async function runJobs(
  jobs: readonly Job[],
  atOnce: number,
  print: (text: string) => void = console.log,
): Promise<Counts[]> {
  const waiting = [...jobs];
  const results: Counts[] = [];
  const work = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      results.push(await runJob(job, print));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}

/** The sum of several counts. */
export function sum(results: readonly Counts[]): Counts {
  const of = (name: keyof Counts) => results.reduce((total, counts) => total + counts[name], 0);
  return { passed: of("passed"), failed: of("failed"), skipped: of("skipped") };
}

async function runJob(job: Job, print: (text: string) => void): Promise<Counts> {
  const started = performance.now();
  const { status, output } = await run(job.command, job.env);
  const counts = job.kind === "check" ? checkCounts(status) : suiteCounts(job, status, output);
  // In one piece, because other jobs print too.
  const lines: string[] = counts.failed > 0 ? [output] : output.match(/^SKIPPED.*$/gm) ?? [];
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  if (job.kind === "suite" && counts.passed + counts.skipped === 0) {
    lines.push(`${job.name} ran no test`);
  }
  const verdict = counts.failed > 0 ? "FAILED" : "ok";
  lines.push(`${verdict}  ${job.name}: ${counted(counts)} (${seconds} s)`);
  print(lines.join("\n"));
  return counts;
}

function checkCounts(status: number | null): Counts {
  const passed = status === 0 ? 1 : 0;
  return { passed, failed: 1 - passed, skipped: 0 };
}

function suiteCounts({ maySkip = false }: Job, status: number | null, output: string): Counts {
  const counts = countTests(output);
  const ran = counts.passed > 0 || (maySkip && counts.skipped > 0);
  if (status !== 0 || !ran) counts.failed ||= 1;
  return counts;
}

function run(
  [file, ...args]: string[],
  env: Record<string, string> = {},
): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(file!, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1", ...env },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => output += text);
    }
    child.on("error", (error) => resolve({ status: null, output: `${output}${error}` }));
    child.on("close", (status) => resolve({ status, output }));
  });
}
