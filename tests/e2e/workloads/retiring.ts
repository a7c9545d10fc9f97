// A service that keeps memory of each request. It retires in time ("retire"),
// exits at once when memory is short ("exit"), or does neither ("bare").
// Further arguments: "own" or "node" for the server, the folder of turns, bytes
// to keep per request, and the options of retire() as JSON.

import { Buffer } from "node:buffer";
import http from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { watch } from "../../../mod.ts";
import { retire, type Retirement, type RetireOptions } from "../../../retire.ts";

type Handler = (request: Request) => Response | Promise<Response>;

/** The servers of the runtimes' own. */
interface Servers {
  Deno?: {
    serve(
      options: { port: 0; hostname: string; onListen(address: { port: number }): void },
      handler: Handler,
    ): { shutdown(): Promise<void> };
  };
  Bun?: {
    serve(
      options: { port: 0; hostname: string; fetch: Handler },
    ): { port: number; pendingRequests: number; stop(): Promise<void> };
  };
}

const [mode, kind, turns, bytes, options] = process.argv.slice(2);
const hostname = "127.0.0.1";
const kept: Uint8Array[] = [];
let answered = 0;

const retirement = mode === "retire"
  ? retire({
    ...turns !== "" && { turns: turns! },
    ...JSON.parse(options!) as RetireOptions,
    onRetiring: ({ cause, detail }) => console.log(`retires ${cause}: ${detail}`),
    onError: (error) => console.log(`error ${error}`),
    closing: [() => console.log(`closed after ${answered}`)],
  })
  : undefined;

if (mode === "exit") {
  void watch({ interval: 50, unref: true, usage: "workingSet" }, (info) => {
    if (info.headroom()! < info.cgroupLimit! / 5) process.exit(75);
  });
}

/** Takes a while, so that requests are in flight at each moment. */
async function work(): Promise<string> {
  if (Number(bytes) > 0) kept.push(Buffer.alloc(Number(bytes), 1));
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
  answered++;
  return `${process.pid}\n`;
}

function ask(path: string): string | undefined {
  if (path === "/begin") void retirement?.begin("asked to");
  return path === "/begin" || path === "/readyz" ? `${retirement?.ready ?? true}` : undefined;
}

const { Deno, Bun } = globalThis as Servers;
if (kind === "own" && (Deno ?? Bun) !== undefined) serveWeb(retirement);
else serveNode(retirement);

function serveWeb(retirement: Retirement | undefined): void {
  const answer: Handler = async (request) => {
    const told = ask(new URL(request.url).pathname);
    if (told !== undefined) return new Response(told, { status: told === "true" ? 200 : 503 });
    await request.bytes();
    return new Response(await work());
  };
  const handler = retirement?.handler(answer) ?? answer;
  if (Deno !== undefined) {
    const server = Deno.serve({ port: 0, hostname, onListen: printPort }, handler);
    retirement?.add(server);
    return;
  }
  const server = Bun!.serve({ port: 0, hostname, fetch: (request) => handler(request) });
  retirement?.add(server);
  printPort(server);
}

function serveNode(retirement: Retirement | undefined): void {
  const server = http.createServer(async (request, response) => {
    const told = ask(request.url!);
    if (told !== undefined) return response.writeHead(told === "true" ? 200 : 503).end(told);
    for await (const _ of request);
    response.end(await work());
  });
  retirement?.add(server);
  server.listen(0, hostname, () => printPort(server.address() as AddressInfo));
}

function printPort({ port }: { port: number }): void {
  console.log(`port ${port}`);
}
