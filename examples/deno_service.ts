// A Deno service in a small container: load shedding, a readiness check, and
// the watchdog beside it. DENO_USE_CGROUPS=1 deno run -A examples/deno_service.ts [port]

import { health, shed } from "../http.ts";
import { MiB } from "../mod.ts";
import { watchdog } from "../watchdog.ts";

const dog = watchdog({ logger: console });

const app = shed(async (request) => {
  const body = await request.bytes();
  return new Response(`${body.length} bytes\n`);
}, { headroom: 48 * MiB, perRequest: 8 * MiB });
const ready = health(app.shedder);

const server = Deno.serve({
  hostname: "127.0.0.1",
  port: Number(Deno.args[0] ?? 8000),
  onListen: ({ port }) => console.log(`listening on http://127.0.0.1:${port}`),
}, (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/healthz") return ready();
  if (pathname === "/watchdog") {
    return Response.json({ scope: dog.scope, limit: dog.limit, ...dog.counters });
  }
  return app(request);
});
await server.finished;
dog.stop();
