// A server with a load shedder of default options. /work holds 5 MB for 100 ms
// and leaves garbage on the heap, /stream never ends, /healthz tells readiness.
// Arguments: bytes of live data, options as JSON. Prints its port.

import process from "node:process";
import { healthReport, LoadShedder, releaseWith } from "../../../http.ts";
import { MiB } from "../../../mod.ts";
import { serveNode } from "../serve.ts";

const BYTES = 5_000_000;
const BLOCK = 50_000;

const live: Uint8Array[] = [];
for (let bytes = Number(process.argv[2] ?? 0); bytes > 0; bytes -= MiB) {
  live.push(new Uint8Array(MiB).fill(1));
}
const shedder = new LoadShedder({
  exempt: ["/healthz"],
  ...JSON.parse(process.argv[3] ?? "{}"),
});

async function work(): Promise<string> {
  // Blocks of this size come from the allocator's heap, which keeps what is freed.
  const held = Array.from({ length: BYTES / BLOCK }, () => new Uint8Array(BLOCK).fill(1));
  const records = Array.from({ length: 10_000 }, (_, i) => ({ i, name: `record ${i}` }));
  await new Promise((resolve) => setTimeout(resolve, 100));
  return `${held.length + records.length + live.length}\n`;
}

serveNode(async (request, response) => {
  const admission = shedder.admit(request);
  if (!admission.admitted) {
    response.writeHead(admission.status, admission.headers).end(JSON.stringify(admission.body));
    return;
  }
  if (request.url !== "/healthz") releaseWith(admission, request, response);
  if (request.url === "/stream") {
    response.write("data: open\n\n");
  } else if (request.url === "/healthz") {
    const report = healthReport(shedder);
    response.statusCode = report.status === "fail" ? 503 : 200;
    response.end(JSON.stringify(report));
  } else {
    response.end(await work());
  }
});
