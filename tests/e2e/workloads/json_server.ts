// A server that parses a JSON body, waits as if for a database, and answers
// with JSON. It keeps a cache of batches. The mode `"shed"` puts the load
// shedder in front. Prints its port, and ends when asked to.

import type http from "node:http";
import process from "node:process";
import { LoadShedder, type RequestLike, shed } from "../../../http.ts";
import { serve } from "../serve.ts";
import { makeBatch } from "./start.ts";
import { end, live } from "./sized.ts";

const WAIT = 10;
const shedding = process.argv[2] === "shed";
const cache = Array.from({ length: live }, (_, i) => makeBatch(i));

serve(web, node);

async function work(text: string): Promise<string> {
  const items = JSON.parse(text) as { id: number; tags: string[] }[];
  await new Promise((resolve) => setTimeout(resolve, WAIT));
  return JSON.stringify(
    items.map((item) => ({ ...item, seen: item.tags.join(), of: cache.length })),
  );
}

function web(): (request: Request) => Response | Promise<Response> {
  const app = async (request: Request) => new Response(await work(await request.text()));
  const guarded = shedding ? shed(app) : app;
  return (request) => request.url.endsWith("/quit") ? quit() : guarded(request);
}

function node(): http.RequestListener {
  const shedder = shedding ? new LoadShedder<RequestLike>() : undefined;
  return async (request, response) => {
    if (request.url === "/quit") return void response.end(await quit().text());
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
  };
}

/** Reports at once; the process ends as soon as the answer is out. */
function quit(): Response {
  end();
  setTimeout(() => process.exit(0), 50);
  return new Response("bye");
}
