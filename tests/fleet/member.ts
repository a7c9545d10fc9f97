// One process of the fleet: member.ts ROLE PORT FILE
//
// It serves its metrics, and does what its role says. FILE is for the role
// that fills the page cache.

import fs from "node:fs";
import http from "node:http";
import process from "node:process";
import { Counter, Registry } from "prom-client";
import { LoadShedder } from "../../http.ts";
import { observeMemory } from "../../prometheus.ts";
import type { Role } from "./roles.ts";

const MIB = 1024 * 1024;
const [role, port, file] = process.argv.slice(2) as [Role, string, string];
const start = performance.now();
const elapsed = () => (performance.now() - start) / 1_000;

const shedder = new LoadShedder({ inFlight: role === "sheds" ? 0 : 10 });
const registry = new Registry();
observeMemory(registry, { shedder });
const registers = [registry];
const cost = new Counter({
  name: "fleet_scrape_cpu_seconds_total",
  help: "CPU time of this process in registry.metrics().",
  registers,
});
const scrapes = new Counter({ name: "fleet_scrapes_total", help: "Scrapes.", registers });

http.createServer(async (_, response) => {
  const before = process.cpuUsage();
  const text = await registry.metrics();
  const { user, system } = process.cpuUsage(before);
  cost.inc((user + system) / 1e6);
  scrapes.inc();
  response.writeHead(200, { "content-type": registry.contentType });
  response.end(text);
}).listen(Number(port), "127.0.0.1");

/** Called once a second. */
const work: Record<Role, () => void> = {
  rests() {},
  leaks() {
    const wanted = elapsed() * 0.4 * MIB;
    while (held.length * CHUNK < wanted) held.push(Buffer.alloc(CHUNK, 1));
  },
  "writes files"() {
    // More than the limit, and written once, so that all of it stays inactive page cache. Two files
    // take turns: by the time that one is emptied, the other has pushed it out of the cache.
    const turn = Math.floor(written / (300 * MIB));
    const flag = written % (300 * MIB) === 0 ? "w" : "a";
    const descriptor = fs.openSync(`${file}.${turn % 2}`, flag);
    for (let i = 0; i < 4; i++) written += fs.writeSync(descriptor, Buffer.alloc(MIB));
    fs.closeSync(descriptor);
  },
  sheds() {
    for (let i = 0; i < 10; i++) shedder.admit({ url: "/" });
  },
  restarts() {
    if (elapsed() > 20) process.exit(1);
  },
};
const CHUNK = 128 * 1024;
const held: Uint8Array[] = [];
let written = 0;
setInterval(() => work[role](), 1_000);
