// A Deno service in a small container, with the watchdog beside it:
// DENO_USE_CGROUPS=1 deno run -A examples/deno_service.ts

import { watchdog } from "../watchdog.ts";

const dog = watchdog({ logger: console });

const server = Deno.serve({ port: Number(Deno.args[0] ?? 8000) }, async (request) => {
  if (new URL(request.url).pathname === "/watchdog") {
    return Response.json({ mode: dog.mode, limit: dog.limit, ...dog.counters });
  }
  const body = await request.bytes();
  return new Response(`${body.length} bytes\n`);
});
await server.finished;
dog.stop();
