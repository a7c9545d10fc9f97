// A server that holds 5 MB for each request while it waits for 200 ms, as if
// for a database. Arguments: "bare" or "shed". Prints its port.

import http from "node:http";
import process from "node:process";
import { LoadShedder, type RequestLike, shed, type ShedOptions } from "../../../http.ts";
import { MiB } from "../../../mod.ts";

const BYTES = 5_000_000;

const options: ShedOptions<RequestLike> = {
  headroom: 64 * MiB,
  perRequest: { bytes: BYTES, within: 50 },
};

async function hold(): Promise<string> {
  const held = new Uint8Array(BYTES).fill(1);
  await new Promise((resolve) => setTimeout(resolve, 200));
  return `${held.length}\n`;
}

interface Servers {
  Deno?: {
    serve(
      options: { port: 0; hostname: string; onListen(address: { port: number }): void },
      handler: (request: Request) => Response | Promise<Response>,
    ): unknown;
  };
  Bun?: {
    serve(options: {
      port: 0;
      hostname: string;
      fetch(request: Request): Response | Promise<Response>;
    }): { port: number };
  };
}

const listening = (port: number) => console.log(`port ${port}`);
const { Deno, Bun } = globalThis as Servers;
const hostname = "127.0.0.1";
const answer = async () => new Response(await hold());
const handler = process.argv[2] === "shed" ? shed(answer, options) : answer;
if (Deno !== undefined) {
  Deno.serve({ port: 0, hostname, onListen: ({ port }) => listening(port) }, handler);
} else if (Bun !== undefined) {
  listening(Bun.serve({ port: 0, hostname, fetch: (request) => handler(request) }).port);
} else {
  const shedder = process.argv[2] === "shed" ? new LoadShedder(options) : undefined;
  const server = http.createServer(async (request, response) => {
    const admission = shedder?.admit(request);
    if (admission?.admitted === false) {
      response.writeHead(admission.status, admission.headers).end(JSON.stringify(admission.body));
      return;
    }
    const text = await hold();
    admission?.release();
    response.end(text);
  });
  server.listen(0, hostname, () => listening((server.address() as { port: number }).port));
}
