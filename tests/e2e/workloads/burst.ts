// A server that buffers request bodies whole, as body parsers do. It prints
// its port, and ends when asked to.

import http from "node:http";
import type { AddressInfo } from "node:net";
import { finish } from "./start.ts";

const server = http.createServer((request, response) => {
  if (request.url === "/quit") {
    response.end("bye");
    server.close();
    server.closeAllConnections();
    return finish();
  }
  const chunks: Uint8Array[] = [];
  request.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    response.end(String(body.length));
  });
});
server.listen(0, "127.0.0.1", () => {
  console.log(`port ${(server.address() as AddressInfo).port}`);
});
