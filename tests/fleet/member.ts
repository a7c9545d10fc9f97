// One process of the fleet: member.ts ORDERS. It serves its metrics, and does
// what its role says. Prints a line once it listens.

import { Buffer } from "node:buffer";
import fs from "node:fs";
import http from "node:http";
import process from "node:process";
import { Counter, Registry } from "prom-client";
import { LoadShedder } from "../../http.ts";
import { observeMemory } from "../../prometheus.ts";
import { LIMIT, type Orders, type Role } from "./roles.ts";

const MIB = 1024 * 1024;
const CHUNK = 128 * 1024;
const { role, host, port, file, pace } = JSON.parse(process.argv[2]!) as Orders;
const start = performance.now();
const elapsed = () => (performance.now() - start) / 1_000;

const shedder = new LoadShedder({ inFlight: role === "sheds" ? 0 : 10 });
const registry = new Registry();
observeMemory(registry, { shedder });
const registers = [registry];
const scrapes = new Counter({ name: "fleet_scrapes_total", help: "Scrapes.", registers });
const collecting = new Counter({
  name: "fleet_collecting_seconds_total",
  help: "CPU time of this process in registry.metrics().",
  registers,
});
const cpu = new Counter({
  name: "fleet_cpu_seconds_total",
  help: "CPU time of this process since its first scrape, HTTP and idle time included.",
  registers,
});
const seconds = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1e6;
let last: NodeJS.CpuUsage | undefined;

http.createServer(async (_, response) => {
  if (last !== undefined) cpu.inc(seconds(process.cpuUsage(last)));
  last = process.cpuUsage();
  const text = await registry.metrics();
  collecting.inc(seconds(process.cpuUsage(last)));
  scrapes.inc();
  response.writeHead(200, { "content-type": registry.contentType });
  response.end(text);
  scraped++;
}).listen(port, host, () => console.log("listening"));

const held: Uint8Array[] = [];
let written = 0;
let ticks = 0;
let scraped = 0;
let scrapedUntilFull = 0;

/** Called once a second. */
const work: Partial<Record<Role, () => void>> = {
  leaks() {
    // Half of the limit is gone before the rules know the process for long enough.
    hold((40 + elapsed() * pace * 0.21) * MIB);
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
    // Below half of its headroom, which is the harder case: headroom falls in each of its lives.
    hold(Math.min(1, ++ticks / 6) * 0.5 * LIMIT);
    if (ticks === 6) scrapedUntilFull = scraped;
    if (ticks > 6 && scraped > scrapedUntilFull) process.exit(1);
  },
};
const own = work[role];
if (own !== undefined) setInterval(own, 1_000);
// Should the test be killed, nobody else would end this process.
setTimeout(() => process.exit(2), 40 * 60_000);

function hold(bytes: number): void {
  while (held.length * CHUNK < bytes) held.push(Buffer.alloc(CHUNK, 1));
}
