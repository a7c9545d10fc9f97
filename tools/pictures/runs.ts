// Runs of which the charts are drawn: a program in a container, with its usage
// over time, and a server under load, with its answers over time.

import type { ChildProcess } from "node:child_process";
import http from "node:http";
import { fileURLToPath } from "node:url";
import { MiB } from "../../mod.ts";
import { ChildGroup, type Hierarchy } from "../../tests/e2e/child_group.ts";
import { portOf } from "../../tests/e2e/port_of.ts";

type Place = Hierarchy & { problem?: never };

/** How one run went. */
export interface Run {
  readonly outcome: string;
  readonly seconds: number;
  /** Seconds since the start, and bytes in use. */
  readonly usage: [second: number, bytes: number][];
  /** Seconds, and answers so far: those with status 200 and with status 503. */
  readonly answers: [second: number, ok: number, rejected: number][];
}

const POLL = 25;

const workload = (name: string) =>
  fileURLToPath(new URL(`../../tests/e2e/workloads/${name}.ts`, import.meta.url));

/** The loop of the tests, in a container of 300 MiB. */
export function runLoop(place: Place, runtime: string[], mode: "bare" | "watchdog"): Promise<Run> {
  return follow(place, 300 * MiB, [...runtime, workload("loop"), mode], () => Promise.resolve());
}

/** The server of the tests, in a container of 512 MiB, and clients for so many milliseconds. */
export function runLoad(
  place: Place,
  runtime: string[],
  mode: "bare" | "shed",
  duration: number,
): Promise<Run> {
  const command = [...runtime, workload("holding"), mode, "200"];
  return follow(place, 512 * MiB, command, async (server, answers) => {
    const port = await portOf(server);
    await callAll(port, server, duration, answers);
    server.kill("SIGKILL");
  });
}

/** Counts that grow while clients run. */
interface Answers {
  ok: number;
  rejected: number;
  /** Whether the clients have begun, and have ended. */
  began: number;
  ended: boolean;
}

async function follow(
  place: Place,
  limit: number,
  command: string[],
  use: (child: ChildProcess, answers: Answers) => Promise<void>,
): Promise<Run> {
  const group = new ChildGroup(place.version, place.folder);
  const usage: Run["usage"] = [];
  const answered: Run["answers"] = [];
  const answers: Answers = { ok: 0, rejected: 0, began: performance.now(), ended: false };
  try {
    group.forbidSwap();
    group.setLimit(limit);
    const start = performance.now();
    const timer = setInterval(() => {
      const second = (performance.now() - start) / 1000;
      usage.push([second, group.usage]);
      answered.push([second, answers.ok, answers.rejected]);
    }, POLL);
    const { outcome, milliseconds } = await group.run(
      command,
      60_000,
      (child) => use(child, answers),
    );
    clearInterval(timer);
    const seconds = milliseconds / 1000;
    // What is freed at the end of a process is not part of the run.
    const kept = usage.filter(([second]) => second <= seconds - POLL / 1000);
    return {
      outcome: answers.ended ? "finished" : outcome,
      seconds,
      usage: kept,
      answers: answered,
    };
  } finally {
    await group.remove();
  }
}

const CLIENTS = 300;

async function callAll(
  port: number,
  server: ChildProcess,
  duration: number,
  answers: Answers,
): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CLIENTS });
  const start = performance.now();
  const alive = () => server.exitCode === null && server.signalCode === null;
  const client = async (_: unknown, i: number) => {
    await new Promise((resolve) => setTimeout(resolve, i * 10));
    while (performance.now() - start < duration && alive()) {
      const status = await ask(port, agent);
      if (status === 200) answers.ok++;
      else {
        if (status === 503) answers.rejected++;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  agent.destroy();
  answers.ended = alive();
}

/** The status; 0 for an error of the connection. */
function ask(port: number, agent: http.Agent): Promise<number> {
  return new Promise((resolve) => {
    const request = http.get({ host: "127.0.0.1", port, agent, timeout: 5_000 });
    request.on("response", (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
      response.on("error", () => resolve(0));
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(0));
  });
}
