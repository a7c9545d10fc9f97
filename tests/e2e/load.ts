// Far more requests than fit, against the server of workloads/holding.ts in a
// group of 512 MiB. Used by the test and by the bench.

import type { ChildProcess } from "node:child_process";
import http from "node:http";
import { fileURLToPath } from "node:url";
import type { ShedOptions } from "../../http.ts";
import { MiB } from "../../mod.ts";
import type { Runtime } from "../support/runtimes.ts";
import { ask, gone } from "./ask.ts";
import { ChildGroup, type Ended, type Hierarchy } from "./child_group.ts";
import { portOf } from "./port_of.ts";

const LIMIT = 512 * MiB;

/** Clients, each with one request at a time; one more joins every `JOIN` milliseconds. */
const CLIENTS = 300;
const JOIN = 10;
/** Milliseconds that a rejected client waits, which is less than it was asked to. */
const IMPATIENCE = 50;

/** The answers to the clients, and how the server ended. */
export interface Load {
  /** How the server ended; `"finished"`: it ran until it was told to end. */
  outcome: Ended["outcome"];
  output: string;
  /** Answers by status; errors by their code. */
  answers: Record<string, number>;
  /** 200s per second, until the last of them. */
  rate: number;
  /** Bytes at most in the group. */
  peak: number | undefined;
}

/**
 * Runs the server in a group and the clients in this process.
 *
 * @param duration Milliseconds for which the clients send requests.
 * @param wait Milliseconds for which the server holds the memory of a request.
 * @param shedding Options of `shed`, besides or instead of those of the server.
 * @param limit Bytes of the group.
 */
export async function load(
  runtime: Runtime,
  mode: "bare" | "shed",
  hierarchy: Hierarchy & { problem?: never },
  duration = 10_000,
  wait = 200,
  shedding: ShedOptions = {},
  limit: number = LIMIT,
): Promise<Load> {
  const group = new ChildGroup(hierarchy.version, hierarchy.folder);
  try {
    group.forbidSwap();
    group.setLimit(limit);
    const file = fileURLToPath(new URL("workloads/holding.ts", import.meta.url));
    let came: Pick<Load, "answers" | "rate"> = { answers: {}, rate: 0 };
    let alive = false;
    const ended = await group.run(
      [...runtime.command, file, mode, String(wait), JSON.stringify(shedding)],
      60_000,
      async (server) => {
        came = await offer(await portOf(server), server, duration);
        alive = !gone(server);
        server.kill("SIGKILL");
      },
    );
    const outcome = !alive ? "killed" : "timeout" in came.answers ? "stuck" : "finished";
    return { ...came, outcome, output: ended.output, peak: group.peak };
  } finally {
    await group.remove();
  }
}

async function offer(
  port: number,
  server: ChildProcess,
  duration: number,
): Promise<Pick<Load, "answers" | "rate">> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CLIENTS });
  const answers: Record<string, number> = {};
  const start = performance.now();
  let last = start;
  const client = async (_: unknown, i: number) => {
    await new Promise((resolve) => setTimeout(resolve, i * JOIN));
    while (performance.now() - start < duration && !gone(server)) {
      const answer = await ask(port, agent);
      answers[answer] = (answers[answer] ?? 0) + 1;
      if (answer === "200") last = performance.now();
      else if (answer === "503") await new Promise((resolve) => setTimeout(resolve, IMPATIENCE));
      else if (answer === "timeout") return;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  agent.destroy();
  return { answers, rate: (answers["200"] ?? 0) / Math.max(0.001, (last - start) / 1000) };
}
