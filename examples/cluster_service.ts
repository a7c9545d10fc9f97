// Workers of Node's cluster that retire one at a time. The primary starts a new
// worker for each that retires. node examples/cluster_service.ts [port] [workers]

import cluster from "node:cluster";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { retire } from "../retire.ts";

const [port = "8000", workers = "2"] = process.argv.slice(2);

if (cluster.isPrimary) runPrimary();
else runWorker();

function runPrimary(): void {
  const turns = fs.mkdtempSync(path.join(os.tmpdir(), "turns-"));
  let ending = false;
  for (let i = 0; i < Number(workers); i++) cluster.fork({ TURNS: turns });
  cluster.on("exit", () => {
    if (!ending) return void cluster.fork({ TURNS: turns });
    if (Object.keys(cluster.workers ?? {}).length > 0) return;
    fs.rmSync(turns, { recursive: true, force: true });
    process.exit(0);
  });
  process.once("SIGTERM", () => {
    ending = true;
    for (const worker of Object.values(cluster.workers ?? {})) worker?.kill("SIGTERM");
  });
  cluster.once("listening", (_, { port }) => {
    console.log(`listening on http://127.0.0.1:${port}`);
  });
}

function runWorker(): void {
  const retirement = retire({
    turns: process.env.TURNS,
    grace: 1_000,
    onRetiring: ({ detail }) => console.log(`${process.pid} retires: ${detail}`),
    onError: console.error,
  });
  const server = http.createServer((request, response) => {
    if (request.url === "/begin") void retirement.begin("a client asked for it");
    response.end(`hello from ${process.pid}\n`);
  });
  retirement.add(server);
  server.listen(Number(port), "127.0.0.1");
}
