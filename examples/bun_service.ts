// A Bun service with load shedding and a readiness check:
// bun examples/bun_service.ts [port]

import process from "node:process";
import { health, shed } from "../http.ts";
import { MiB } from "../mod.ts";

/** The part of Bun that is used; with @types/bun this is not needed. */
declare const Bun: {
  serve(options: {
    hostname: string;
    port: number;
    fetch(request: Request): Response | Promise<Response>;
  }): { port: number };
};

const app = shed(async (request) => new Response(`${(await request.bytes()).length} bytes\n`), {
  headroom: 48 * MiB,
  perRequest: 8 * MiB,
});
const ready = health(app.shedder);

const { port } = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2] ?? 8000),
  fetch: (request) => new URL(request.url).pathname === "/healthz" ? ready() : app(request),
});
console.log(`listening on http://127.0.0.1:${port}`);
