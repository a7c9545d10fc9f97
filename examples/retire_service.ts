// A service that ends in order: before its container runs out of memory, and at
// SIGTERM. Processes that share the folder retire one at a time.
// node examples/retire_service.ts [port] [folder of turns]

import http from "node:http";
import process from "node:process";
import { healthReport, LoadShedder, releaseWith } from "../http.ts";
import { retire } from "../retire.ts";

const [port = "8000", turns] = process.argv.slice(2);

const shedder = new LoadShedder({ headroom: "10%", exempt: ["/readyz"] });
const retirement = retire({
  turns,
  // Longer than the balancer takes to notice: its interval times the failed checks it wants.
  grace: 2_000,
  closing: [shedder, () => console.log("closed")],
  onRetiring: ({ detail }) => console.log(`retires: ${detail}`),
  onError: console.error,
});

const server = http.createServer((request, response) => {
  if (request.url === "/readyz") {
    const ready = retirement.ready && healthReport(shedder).status !== "fail";
    response.writeHead(ready ? 200 : 503).end(`${retirement.state}\n`);
    return;
  }
  const admission = shedder.admit(request);
  if (!admission.admitted) {
    response.writeHead(admission.status, admission.headers).end(JSON.stringify(admission.body));
    return;
  }
  releaseWith(admission, request, response);
  response.end(`hello from ${process.pid}\n`);
});
retirement.add(server);

server.listen(Number(port), "127.0.0.1", () => {
  const { port } = server.address() as { port: number };
  console.log(`listening on http://127.0.0.1:${port}`);
  // PM2 with `wait_ready` waits for this.
  process.send?.("ready");
});
