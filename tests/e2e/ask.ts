// Requests of clients to a server on this host that may be killed meanwhile.

import type { ChildProcess } from "node:child_process";
import http from "node:http";

const ANSWER_TIMEOUT = 5_000;

/** Sends a GET request. Resolves with the status of the answer, or else with the error's code. */
export function ask(port: number, agent: http.Agent, path = "/"): Promise<string> {
  return new Promise((resolve) => {
    const request = http.get({ host: "127.0.0.1", port, path, agent, timeout: ANSWER_TIMEOUT });
    request.on("response", (response) => {
      response.resume();
      response.on("end", () => resolve(String(response.statusCode)));
      response.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
    request.on("timeout", () => {
      resolve("timeout");
      request.destroy();
    });
    request.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

/** Whether the process has ended. */
export function gone({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
