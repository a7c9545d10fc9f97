// A service for a fleet: metrics for Prometheus, load shedding, a readiness and
// a liveness check, the watchdog, and an orderly exit.
// The files in deploy/ run it. node examples/prometheus_service.ts [port] [host]

import http from "node:http";
import process from "node:process";
import { register } from "prom-client";
import { healthReport, LoadShedder, releaseWith } from "../http.ts";
import { observeMemory } from "../prometheus.ts";
import { watchdog } from "../watchdog.ts";

const [port = "8000", host = "127.0.0.1"] = process.argv.slice(2);

const dog = watchdog({ logger: console });
const shedder = new LoadShedder({ headroom: "15%" });
const metrics = observeMemory(register, { watchdog: dog, shedder, pressure: true });

const server = http.createServer(async (request, response) => {
  const answer = (status: number, type: string, text: string) => {
    response.writeHead(status, { "content-type": type }).end(text);
  };
  // The service answers these whatever memory is left. The liveness check shows only that the
  // event loop runs, because restarting a process that is short of memory is no remedy.
  if (request.url === "/livez") return answer(200, "text/plain", "ok\n");
  if (request.url === "/readyz") {
    const report = healthReport(shedder);
    return answer(report.status === "fail" ? 503 : 200, "application/json", JSON.stringify(report));
  }
  if (request.url === "/metrics") {
    return answer(200, register.contentType, await register.metrics());
  }

  const admission = shedder.admit(request);
  if (!admission.admitted) {
    response.writeHead(admission.status, admission.headers);
    response.end(JSON.stringify(admission.body));
    return;
  }
  releaseWith(admission, request, response);
  try {
    let bytes = 0;
    for await (const chunk of request) bytes += chunk.length;
    answer(200, "text/plain", `${bytes} bytes\n`);
  } catch {
    response.destroy(); // the client has gone
  }
});
server.listen(Number(port), host, () => {
  const { address, port } = server.address() as { address: string; port: number };
  console.log(`listening on http://${address}:${port}`);
});

// Accepts no new connections, and exits once no request is in flight. Idle connections may be open.
process.once("SIGTERM", () => {
  server.close();
  setInterval(() => {
    if (shedder.inFlight > 0) return;
    metrics.stop();
    shedder.close();
    dog.stop();
    process.exit(0);
  }, 100);
});
