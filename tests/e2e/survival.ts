// The workloads in a group with a limit, in each runtime, without or with the
// watchdog. Used by the test and by the bench.

import type { ChildProcess } from "node:child_process";
import http from "node:http";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { MiB } from "../../mod.ts";
import type { WatchdogCounters } from "../../watchdog.ts";
import type { Runtime } from "../support/runtimes.ts";
import { ChildGroup, type Ended, type Hierarchy } from "./child_group.ts";
import { portOf } from "./port_of.ts";

/** Names of the workloads. */
export type Workload = "loop" | "burst" | "leak";

/** How a workload went. */
export interface Survival extends Ended {
  /** Bytes at most in the group. */
  peak: number | undefined;
  /** Milliseconds that the workload itself took, if it finished. */
  worked: number | undefined;
  counters: WatchdogCounters | undefined;
}

/** Where to run, and for how long at most. */
export interface SurvivalOptions {
  runtime: Runtime;
  workload: Workload;
  mode: "bare" | "watchdog";
  /** Bytes; `undefined`: no limit. */
  limit: number | undefined;
  hierarchy: Hierarchy & { problem?: never };
  timeout?: number;
}

/** Runs one workload to its end. */
export async function survive(options: SurvivalOptions): Promise<Survival> {
  const { runtime, workload, mode, limit, hierarchy, timeout = 30_000 } = options;
  // A slow host does less of the same work.
  const args = process.env.MEMCTL_E2E_BATCHES?.split(" ") ?? [];
  const group = new ChildGroup(hierarchy.version, hierarchy.folder);
  try {
    group.forbidSwap();
    group.setLimit(limit ?? "max");
    const file = fileURLToPath(new URL(`workloads/${workload}.ts`, import.meta.url));
    const command = [...runtime.command, file, mode, ...args];
    const ended = await group.run(command, timeout, workload === "burst" ? sendBurst : undefined);
    const report = /^\{.*\}$/m.exec(ended.output)?.[0];
    const { milliseconds: worked, counters } = report === undefined
      ? { milliseconds: undefined, counters: undefined }
      : JSON.parse(report);
    return { ...ended, peak: group.peak, worked, counters };
  } finally {
    await group.remove();
  }
}

const ROUNDS = 12;
const AT_ONCE = 6;
const BODY = new Uint8Array(8 * MiB).fill(7);

/** Requests from outside the group: 72 bodies of 8 MiB, six at a time. */
async function sendBurst(server: ChildProcess): Promise<void> {
  const port = await portOf(server);
  for (let round = 0; round < ROUNDS; round++) {
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => send(port, "/", BODY)));
    for (const answer of answers) {
      if (answer !== String(BODY.length)) throw new Error(`wrong answer: ${answer}`);
    }
  }
  await send(port, "/quit", new Uint8Array());
}

function send(port: number, path: string, body: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: "127.0.0.1", port, path, method: "POST", agent: false },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk) => text += chunk);
        response.on("end", () => resolve(text));
        response.on("error", reject);
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}
