// Each example is started as its reader would, and asked over HTTP.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { parseExposition } from "./support/exposition.ts";
import { ownRuntime } from "./support/own_runtime.ts";

const isDeno = "Deno" in globalThis;
const isBun = "Bun" in globalThis;

/** Starts an example on a free port and asks it. */
async function ask(
  name: string,
  use: (url: string, child: ChildProcess) => Promise<void>,
): Promise<void> {
  const file = fileURLToPath(new URL(`../examples/${name}.ts`, import.meta.url));
  const [program, ...options] = ownRuntime;
  const child = spawn(program!, [...options, file, "0"], { stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  try {
    const url = await new Promise<string>((resolve, reject) => {
      const read = (chunk: Uint8Array) => {
        printed += chunk;
        const found = /listening on (http:\S+:\d+)/.exec(printed)?.[1];
        if (found !== undefined) resolve(found);
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.on("close", () => reject(new Error(`${name} ended: ${printed}`)));
    });
    await use(url, child);
  } finally {
    child.removeAllListeners("close");
    if (child.exitCode === null) {
      const closed = new Promise((resolve) => child.on("close", resolve));
      child.kill("SIGKILL");
      await closed;
    }
  }
}

async function textOf(url: string, init?: RequestInit): Promise<string> {
  const response = await fetch(url, init);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return text;
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.text();
  return response.status;
}

/** What every service that takes bodies does. */
async function takesBodies(url: string): Promise<void> {
  const body = new Uint8Array(1_000_000);
  const headers = { "content-type": "application/octet-stream" };
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => textOf(url, { method: "POST", body, headers })),
  );
  assert.deepEqual(answers, Array(5).fill("1000000 bytes\n"));
  const { status, inFlight, rss } = JSON.parse(await textOf(`${url}/healthz`));
  assert.deepEqual([status, inFlight], ["pass", 0]);
  assert.ok(rss > 1_000_000);
}

describe("examples", () => {
  it(
    "a Deno service",
    { skip: isDeno ? false : "needs Deno" },
    () =>
      ask("deno_service", async (url) => {
        await takesBodies(url);
        const { scope, forced } = JSON.parse(await textOf(`${url}/watchdog`));
        assert.ok(["cgroup", "system"].includes(scope), scope);
        assert.equal(typeof forced, "number");
      }),
  );

  it("a Bun service", { skip: isBun ? false : "needs Bun" }, () => ask("bun_service", takesBodies));

  it(
    "a Hono service",
    { skip: isDeno || isBun ? false : "needs Deno or Bun" },
    () => ask("hono_service", takesBodies),
  );

  it("an Express service", () => ask("express_service", takesBodies));

  it("a Fastify service", () => ask("fastify_service", takesBodies));

  it("a service with metrics for Prometheus, which SIGTERM ends", () =>
    ask("prometheus_service", async (url, child) => {
      const [body, type] = [new Uint8Array(1_000), "application/octet-stream"];
      const headers = { "content-type": type };
      assert.equal(await textOf(url, { method: "POST", body, headers }), "1000 bytes\n");
      assert.equal(await textOf(`${url}/livez`), "ok\n");
      assert.equal(JSON.parse(await textOf(`${url}/readyz`)).status, "pass");
      const families = parseExposition(await textOf(`${url}/metrics`));
      const value = (name: string) => families[`memctl_${name}`]?.series[""];
      assert.ok(value("process_resident_bytes")! > 1_000_000);
      assert.deepEqual(
        [value("requests_admitted_total"), value("requests_in_flight"), value("watchdog_running")],
        [1, 0, 1],
      );
      const closed = new Promise((resolve) => child.once("exit", resolve));
      process.kill(child.pid!, "SIGTERM"); // Deno takes a child that it signals for killed
      assert.equal(await closed, 0);
    }));

  it("a service that retires, which SIGTERM ends after the grace time", () =>
    ask("retire_service", async (url, child) => {
      assert.match(await textOf(url), /^hello from \d+\n$/);
      assert.equal(await textOf(`${url}/readyz`), "running\n");
      const closed = new Promise((resolve) => child.once("exit", resolve));
      process.kill(child.pid!, "SIGTERM");
      // Requests are answered, and the balancer is told.
      while (await statusOf(`${url}/readyz`) === 200);
      const answer = await fetch(url);
      assert.deepEqual([answer.status, answer.headers.get("connection")], [200, "close"]);
      await answer.text();
      assert.equal(await closed, 0);
    }));

  it("a queue whose concurrency follows headroom", () =>
    ask("queue_service", async (url) => {
      const answers = await Promise.all(Array.from({ length: 12 }, () => textOf(url)));
      for (const answer of answers) assert.match(answer, /^8388608 bytes, [138] at a time$/m);
    }));

  it("a worker pool of the size that memory allows", () =>
    ask("worker_pool_service", async (url) => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => textOf(`${url}/?below=20000`)),
      );
      for (const answer of answers) {
        const [, size, wanted] = /^2262 primes, (\d) of (\d) workers$/m.exec(answer) ?? [];
        assert.ok(Number(size) >= 1 && Number(size) <= Number(wanted), answer);
      }
    }));
});
