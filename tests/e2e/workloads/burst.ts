// A server that buffers request bodies whole, as body parsers do. It prints
// its port, and ends when asked to.

import { serveNode } from "../serve.ts";
import { finish } from "./start.ts";

const server = serveNode((request, response) => {
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
