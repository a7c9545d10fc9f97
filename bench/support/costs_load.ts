// Runs an overload on the server of tests/e2e/workloads/costs.ts in a container.

import type { ChildProcess } from "node:child_process";
import http from "node:http";
import { fileURLToPath } from "node:url";
import { ask, gone } from "../../tests/e2e/ask.ts";
import { ChildGroup, type Hierarchy } from "../../tests/e2e/child_group.ts";
import { portOf } from "../../tests/e2e/port_of.ts";
import type { Runtime } from "../../tests/support/runtimes.ts";

/** Number of clients, each with one request at a time. All of them join within `JOIN` milliseconds. */
const CLIENTS = 150;
const JOIN = 1_000;
/** Milliseconds that a rejected client waits, which is less than it was asked to. */
const IMPATIENCE = 50;
/** Milliseconds until recovery counts as failed, and between two requests meanwhile. */
const RECOVERY = 10_000;
const CALM = 50;
/** Consecutive answers after which the server has recovered. */
const CONSECUTIVE = 10;

/** The outcome of one run. */
export interface Outcome {
  killed: boolean;
  /** 200s and 503s per second of the overload. */
  goodput: number;
  rejected: number;
  /** Milliseconds that accepted requests took. */
  p50: number;
  p99: number;
  /** Bytes. */
  peak: number;
  /** Milliseconds after the overload until requests are admitted again. */
  recovery: number;
  output: string;
}

/** The parts of one run. */
export interface CostsRun {
  runtime: Runtime;
  workload: string;
  /** A protection of costs.ts, or `pressure:BYTES`. */
  protection: string;
  /** Bytes. */
  limit: number;
  /** Milliseconds of overload. */
  duration: number;
  hierarchy: Hierarchy & { problem?: never };
}

/** Runs a server, the overload and the time after it. */
export async function runCosts(
  { runtime, workload, protection, limit, duration, hierarchy }: CostsRun,
): Promise<Outcome> {
  const group = new ChildGroup(hierarchy.version, hierarchy.folder);
  try {
    group.forbidSwap();
    group.setLimit(limit);
    const bytes = /^pressure:(\d+)$/.exec(protection)?.[1];
    const name = bytes === undefined ? "costs" : "costs_fastify";
    const file = new URL(`../../tests/e2e/workloads/${name}.ts`, import.meta.url);
    const args = [workload, bytes ?? protection, String(duration / 2)];
    let came: Omit<Outcome, "peak" | "output"> | undefined;
    const ended = await group.run(
      [...runtime.command, fileURLToPath(file), ...args],
      duration + 60_000,
      async (server) => {
        came = await overload(await portOf(server), server, workload, duration);
        server.kill("SIGKILL");
      },
    );
    if (came === undefined) throw new Error(`it did not start: ${ended.output}`);
    return { ...came, peak: group.peak ?? NaN, output: ended.output };
  } finally {
    await group.remove();
  }
}

async function overload(
  port: number,
  server: ChildProcess,
  workload: string,
  duration: number,
): Promise<Omit<Outcome, "peak" | "output">> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CLIENTS });
  const times: number[] = [];
  let [rejected, asked] = [0, 0];
  const start = performance.now();
  const client = async (_: unknown, i: number) => {
    await sleep(i * JOIN / CLIENTS);
    while (performance.now() - start < duration && !gone(server)) {
      const path = workload === "mixed" && asked++ % 20 === 0 ? "/large" : "/small";
      const before = performance.now();
      const answer = await ask(port, agent, path);
      if (answer === "200") times.push(performance.now() - before);
      else {
        if (answer === "503") rejected++;
        await sleep(IMPATIENCE);
      }
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const seconds = (performance.now() - start) / 1_000;
  const recovery = await recover(port, server, agent);
  agent.destroy();
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? NaN;
  return {
    killed: gone(server),
    goodput: times.length / seconds,
    rejected: rejected / seconds,
    p50: at(0.5),
    p99: at(0.99),
    recovery,
  };
}

/** Milliseconds until the first of several consecutive answers. */
async function recover(port: number, server: ChildProcess, agent: http.Agent): Promise<number> {
  const start = performance.now();
  let first = NaN;
  for (let row = 0; row < CONSECUTIVE;) {
    if (gone(server) || performance.now() - start > RECOVERY) return Infinity;
    const before = performance.now();
    if (await ask(port, agent, "/small") === "200") {
      if (row++ === 0) first = before - start;
    } else row = 0;
    await sleep(CALM);
  }
  return first;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
