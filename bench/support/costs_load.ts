// Overload on the server of tests/e2e/workloads/costs.ts in a container, and what
// came of it.

import type { ChildProcess } from "node:child_process";
import http from "node:http";
import { fileURLToPath } from "node:url";
import { ChildGroup, type Hierarchy } from "../../tests/e2e/child_group.ts";
import { portOf } from "../../tests/e2e/port_of.ts";
import type { Runtime } from "../../tests/support/runtimes.ts";

/** Clients, each with one request at a time, all of whom come within `JOIN` milliseconds. */
const CLIENTS = 150;
const JOIN = 1_000;
/** Milliseconds that a rejected client waits: less than it was asked to. */
const RUDENESS = 50;
const ANSWER_TIMEOUT = 5_000;
/** Milliseconds until recovery counts as failed, and between two requests meanwhile. */
const RECOVERY = 10_000;
const CALM = 50;
/** Answers in a row that make it recovered. */
const IN_A_ROW = 10;

/** What came of one run. */
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

/** One run. */
export interface CostsRun {
  runtime: Runtime;
  workload: string;
  /** As costs.ts has it, or `pressure:BYTES`. */
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
  const gone = () => server.exitCode !== null || server.signalCode !== null;
  const times: number[] = [];
  let [rejected, asked] = [0, 0];
  const start = performance.now();
  const client = async (_: unknown, i: number) => {
    await sleep(i * JOIN / CLIENTS);
    while (performance.now() - start < duration && !gone()) {
      const path = workload === "mixed" && asked++ % 20 === 0 ? "/large" : "/small";
      const before = performance.now();
      const status = await ask(port, path, agent);
      if (status === 200) times.push(performance.now() - before);
      else if (status === 503) rejected++, await sleep(RUDENESS);
      else await sleep(RUDENESS);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const seconds = (performance.now() - start) / 1_000;
  const recovery = await recover(port, gone, agent);
  agent.destroy();
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? NaN;
  return {
    killed: gone(),
    goodput: times.length / seconds,
    rejected: rejected / seconds,
    p50: at(0.5),
    p99: at(0.99),
    recovery,
  };
}

/** Milliseconds until the first of several answers in a row. */
async function recover(port: number, gone: () => boolean, agent: http.Agent): Promise<number> {
  const start = performance.now();
  let first = NaN;
  for (let row = 0; row < IN_A_ROW;) {
    if (gone() || performance.now() - start > RECOVERY) return Infinity;
    const before = performance.now();
    if (await ask(port, "/small", agent) === 200) {
      if (row++ === 0) first = before - start;
    } else row = 0;
    await sleep(CALM);
  }
  return first;
}

function ask(port: number, path: string, agent: http.Agent): Promise<number> {
  return new Promise((resolve) => {
    const options = { host: "127.0.0.1", port, path, agent, timeout: ANSWER_TIMEOUT };
    const request = http.get(options, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode!));
      response.on("error", () => resolve(0));
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(0));
  });
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
