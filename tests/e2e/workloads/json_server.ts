// A server that parses a JSON body, waits as if for a database, and answers
// with JSON. It keeps a cache of batches. The mode `"shed"` puts the load
// shedder in front. Prints its port, and ends when asked to.

import http from "node:http";
import process from "node:process";
import { LoadShedder, type RequestLike, shed } from "../../../http.ts";
import { makeBatch } from "./start.ts";
import { end, live } from "./sized.ts";

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

const WAIT = 10;
const shedding = process.argv[2] === "shed";
const cache = Array.from({ length: live }, (_, i) => makeBatch(i));
const listening = (port: number) => console.log(`port ${port}`);
const hostname = "127.0.0.1";
const { Deno, Bun } = globalThis as Servers;

if (Deno !== undefined || Bun !== undefined) serveWeb();
else serveNode();

async function work(text: string): Promise<string> {
  const items = JSON.parse(text) as { id: number; tags: string[] }[];
  await new Promise((resolve) => setTimeout(resolve, WAIT));
  return JSON.stringify(
    items.map((item) => ({ ...item, seen: item.tags.join(), of: cache.length })),
  );
}

function serveWeb(): void {
  const app = async (request: Request) => new Response(await work(await request.text()));
  const guarded = shedding ? shed(app) : app;
  const handler = (request: Request) => request.url.endsWith("/quit") ? quit() : guarded(request);
  if (Deno !== undefined) {
    Deno.serve({ port: 0, hostname, onListen: ({ port }) => listening(port) }, handler);
  } else {
    listening(Bun!.serve({ port: 0, hostname, fetch: handler }).port);
  }
}

function serveNode(): void {
  const shedder = shedding ? new LoadShedder<RequestLike>() : undefined;
  const server = http.createServer(async (request, response) => {
    if (request.url === "/quit") return response.end(await quit().text());
    const admission = shedder?.admit(request);
    if (admission?.admitted === false) {
      response.writeHead(admission.status, admission.headers).end(JSON.stringify(admission.body));
      return;
    }
    try {
      request.setEncoding("utf8");
      let text = "";
      for await (const chunk of request) text += chunk;
      response.end(await work(text));
    } finally {
      admission?.release();
    }
  });
  server.listen(0, hostname, () => listening((server.address() as { port: number }).port));
}

/** Reports at once; the process ends as soon as the answer is out. */
function quit(): Response {
  end();
  setTimeout(() => process.exit(0), 50);
  return new Response("bye");
}
