// Starts servers on a free port of this host and prints the port, for
// port_of.ts to read.

import http from "node:http";
import type { AddressInfo } from "node:net";

type Handler = (request: Request) => Response | Promise<Response>;

/** The servers of the runtimes' own. */
interface Servers {
  Deno?: {
    serve(
      options: { port: 0; hostname: string; onListen(address: { port: number }): void },
      handler: Handler,
    ): unknown;
  };
  Bun?: {
    serve(options: { port: 0; hostname: string; fetch: Handler }): { port: number };
  };
}

const hostname = "127.0.0.1";

/**
 * Serves with `Deno.serve` or `Bun.serve` where there is one, and with
 * `node:http` in Node. Only the handler that is needed is made.
 */
export function serve(makeWeb: () => Handler, makeNode: () => http.RequestListener): void {
  const { Deno, Bun } = globalThis as Servers;
  if (Deno === undefined && Bun === undefined) {
    serveNode(makeNode());
    return;
  }
  const web = makeWeb();
  if (Deno !== undefined) Deno.serve({ port: 0, hostname, onListen: printPort }, web);
  else printPort(Bun!.serve({ port: 0, hostname, fetch: (request) => web(request) }));
}

/** Serves with `node:http` in each runtime. */
export function serveNode(listener: http.RequestListener): http.Server {
  const server = http.createServer(listener);
  return server.listen(0, hostname, () => printPort(server.address() as AddressInfo));
}

function printPort({ port }: { port: number }): void {
  console.log(`port ${port}`);
}
