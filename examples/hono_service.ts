// Load shedding around a Hono app, on Deno or Bun:
// deno run -A examples/hono_service.ts [port]

import process from "node:process";
import { Hono } from "hono";
import { health, shed } from "../http.ts";
import { MiB } from "../mod.ts";

const app = new Hono();
const handler = shed(app.fetch, { headroom: 48 * MiB, exempt: ["/healthz"] });
const ready = health(handler.shedder);

app.get("/healthz", () => ready());
app.post("/", async (context) => {
  const body = await context.req.arrayBuffer();
  return context.text(`${body.byteLength} bytes\n`);
});

const port = Number(process.argv[2] ?? 8000);
const { Deno, Bun } = globalThis as {
  Deno?: { serve(options: object, handler: (request: Request) => unknown): unknown };
  Bun?: { serve(options: object): { port: number } };
};
const listening = (port: number) => console.log(`listening on http://127.0.0.1:${port}`);
const where = { hostname: "127.0.0.1", port };
if (Deno) {
  const onListen = (address: { port: number }) => listening(address.port);
  Deno.serve({ ...where, onListen }, (request) => handler(request));
} else if (Bun) {
  listening(Bun.serve({ ...where, fetch: (request: Request) => handler(request) }).port);
}
