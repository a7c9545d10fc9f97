// Load shedding in Fastify: a hook that runs before the body is read.
// node examples/fastify_service.ts [port]

import process from "node:process";
import Fastify from "fastify";
import { healthReport, LoadShedder, releaseWith } from "../http.ts";
import { MiB } from "../mod.ts";

const shedder = new LoadShedder({ headroom: 48 * MiB, exempt: ["/healthz"] });

const app = Fastify({ bodyLimit: 10 * MiB });
app.addHook("onRequest", (request, reply, done) => {
  const admission = shedder.admit(request);
  if (!admission.admitted) {
    reply.code(admission.status).headers(admission.headers).send(admission.body);
    return;
  }
  releaseWith(admission, request.raw, reply.raw);
  done();
});
app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
app.get("/healthz", (_request, reply) => {
  const report = healthReport(shedder);
  return reply.code(report.status === "fail" ? 503 : 200).send(report);
});
app.post("/", (request, reply) => reply.send(`${(request.body as Uint8Array).length} bytes\n`));

const address = await app.listen({ host: "127.0.0.1", port: Number(process.argv[2] ?? 8000) });
console.log(`listening on ${address}`);
