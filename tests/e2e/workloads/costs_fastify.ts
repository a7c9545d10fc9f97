// The server of costs.ts in Fastify, behind @fastify/under-pressure with a
// maximum resident set. Arguments: workload, bytes, and milliseconds until a cost
// doubles. Prints its port.

import process from "node:process";
import { Readable } from "node:stream";
import underPressure from "@fastify/under-pressure";
import fastify from "fastify";
import { stream, work } from "./costly.ts";

const workload = process.argv[2] ?? "prompt";

const app = fastify();
await app.register(underPressure, { maxRssBytes: Number(process.argv[3]) });
app.get("/*", async (request, reply) => {
  if (workload !== "streaming") return await work(workload, request.url);
  return reply.send(Readable.from(stream()));
});
await app.listen({ port: 0, host: "127.0.0.1" });
console.log(`port ${(app.server.address() as { port: number }).port}`);
