// Load shedding in Express: a middleware before those that read the body.
// node examples/express_service.ts [port]

import process from "node:process";
import express from "express";
import { healthReport, LoadShedder, releaseWith } from "../http.ts";
import { MiB } from "../mod.ts";

const shedder = new LoadShedder({ headroom: 48 * MiB, exempt: ["/healthz"] });

const app = express();
app.use((request, response, next) => {
  const admission = shedder.admit(request);
  if (!admission.admitted) {
    response.status(admission.status).set(admission.headers).send(JSON.stringify(admission.body));
    return;
  }
  releaseWith(admission, request, response);
  next();
});
app.get("/healthz", (_request, response) => {
  const report = healthReport(shedder);
  response.status(report.status === "fail" ? 503 : 200).json(report);
});
app.post("/", express.raw({ type: () => true, limit: "10mb" }), (request, response) => {
  response.send(`${request.body.length} bytes\n`);
});

const server = app.listen(Number(process.argv[2] ?? 8000), "127.0.0.1", () => {
  const { port } = server.address() as { port: number };
  console.log(`listening on http://127.0.0.1:${port}`);
});
