// The clients of the JSON server: a fixed number of requests, each asked again
// until it is answered.

import type { ChildProcess } from "node:child_process";
import http from "node:http";
import { portOf } from "../../tests/e2e/port_of.ts";

const CLIENTS = 16;
const REQUESTS = 1_000;
/** Milliseconds that a client waits after a 503. */
const RETRY = 20;
const ANSWER_TIMEOUT = 10_000;
const BODY = JSON.stringify(
  Array.from(
    { length: 600 },
    (_, id) => ({ id, tags: [`a${id}`, `b${id}`], text: "x".repeat(40) }),
  ),
);

/** Sends all requests to a server that has started, then ends it. Returns milliseconds. */
export async function sendRequests(server: ChildProcess): Promise<number> {
  const port = await portOf(server);
  const agent = new http.Agent({ keepAlive: true, maxSockets: CLIENTS });
  const gone = () => server.exitCode !== null || server.signalCode !== null;
  const start = performance.now();
  let left = REQUESTS;
  const client = async () => {
    while (left > 0) {
      left--;
      while (await ask(port, agent) !== 200) {
        if (gone()) throw new Error("the server is gone");
        await new Promise((resolve) => setTimeout(resolve, RETRY));
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: CLIENTS }, client));
    return performance.now() - start;
  } finally {
    agent.destroy();
    if (!gone()) await ask(port, false, "/quit");
  }
}

/** The status, or `undefined` if there was no answer. */
function ask(port: number, agent: http.Agent | false, path = "/"): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = http.request({
      host: "127.0.0.1",
      port,
      path,
      agent,
      method: "POST",
      timeout: ANSWER_TIMEOUT,
      headers: { "content-type": "application/json", "content-length": BODY.length },
    });
    request.on("response", (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode));
      response.on("error", () => resolve(undefined));
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(undefined));
    request.end(BODY);
  });
}
