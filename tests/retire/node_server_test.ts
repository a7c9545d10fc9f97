// Real servers of node:http, with clients that keep their connections.

import Fastify from "fastify";
import assert from "node:assert/strict";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { withRetirement } from "../support/retire_bench.ts";

const PLENTY = [{ at: 0, systemTotal: 1_000, systemAvailable: 900 }];

/** One connection, on which requests are sent one after the other. */
class Connection {
  readonly #socket: net.Socket;
  #received = "";
  #wake = () => {};
  closed = false;

  constructor(server: http.Server) {
    this.#socket = net.connect((server.address() as AddressInfo).port, "127.0.0.1");
    this.#socket.on("data", (chunk) => {
      this.#received += chunk;
      this.#wake();
    });
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => {
      this.closed = true;
      this.#wake();
    });
  }

  /** The next answer, headers and body, or what came before the connection was closed. */
  async request(path: string): Promise<string> {
    this.#received = "";
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    while (!/body of \S+\n/.test(this.#received) && !this.closed) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#received;
  }

  /** Resolves when the server has closed it. */
  async whenClosed(): Promise<void> {
    while (!this.closed) await new Promise<void>((resolve) => this.#wake = resolve);
  }

  end(): void {
    this.#socket.destroy();
  }
}

/** A server whose answer to `/slow` comes when told to. */
async function listening(): Promise<{ server: http.Server; answerSlow: () => void }> {
  let answer = () => {};
  const slow = new Promise<void>((resolve) => answer = resolve);
  const server = http.createServer(async (request, response) => {
    if (request.url === "/slow") await slow;
    response.setHeader("content-type", "text/plain");
    response.end(`body of ${request.url}\n`);
  });
  // A slow machine must not close connections by itself.
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, answerSlow: answer };
}

/** Lets time pass on the clock, and real events happen, until `isOver`. */
async function until(pass: () => Promise<void>, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await pass();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

describe("a server of node:http that retires", () => {
  it("answers everything during the grace time, and closes each connection after it", async () => {
    const { server } = await listening();
    await withRetirement(PLENTY, { servers: [server] }, async (bench) => {
      const [one, other] = [new Connection(server), new Connection(server)];
      assert.doesNotMatch(await one.request("/1"), /connection: close/i);
      await other.request("/1");
      void bench.retirement.begin();
      assert.match(await one.request("/2"), /connection: close/i);
      await one.whenClosed();
      // New connections are taken too, as long as a balancer may open them.
      const late = new Connection(server);
      assert.match(await late.request("/3"), /connection: close/i);
      assert.equal(other.closed, false);
      assert.equal(server.listening, true);
      await bench.pass(5.1);
      assert.equal(server.listening, false);
      await until(() => bench.pass(0.1), () => other.closed && bench.exits.length > 0);
      assert.deepEqual([bench.exits, bench.errors], [[75], []]);
      for (const connection of [one, other, late]) connection.end();
    });
  });

  it("waits for a request in flight, whose answer closes its connection", async () => {
    const { server, answerSlow } = await listening();
    await withRetirement(PLENTY, { servers: [server], grace: 1 }, async (bench) => {
      const connection = new Connection(server);
      const answer = connection.request("/slow");
      await new Promise((resolve) => server.once("request", resolve));
      void bench.retirement.begin();
      await bench.pass(5);
      assert.deepEqual([bench.retirement.state, bench.exits], ["draining", []]);
      answerSlow();
      assert.match(await answer, /connection: close[^]*body of \/slow/i);
      await until(() => bench.pass(0.1), () => bench.exits.length > 0);
      assert.deepEqual(bench.errors, []);
      connection.end();
    });
  });

  it("leaves no timer when a request is still in flight at the deadline", async () => {
    const { server, answerSlow } = await listening();
    await withRetirement(PLENTY, { servers: [server], grace: 1, deadline: 500 }, async (bench) => {
      const connection = new Connection(server);
      void connection.request("/slow");
      await new Promise((resolve) => server.once("request", resolve));
      void bench.retirement.begin();
      await bench.pass(2);
      assert.deepEqual(bench.exits, [75]);
      assert.match(String(bench.errors), /still in flight/);
      bench.clock.assertIdle();
      answerSlow();
      connection.end();
    });
  });

  it("that does not listen, or was closed, is drained already", async () => {
    const { server } = await listening();
    const never = http.createServer();
    await withRetirement(PLENTY, { servers: [server, never], grace: 0 }, async (bench) => {
      await new Promise((resolve) => server.close(resolve));
      void bench.retirement.begin();
      await bench.pass(1);
      assert.deepEqual([bench.exits, bench.errors], [[75], []]);
    });
  });

  it("of Fastify runs its onClose hooks", async () => {
    const app = Fastify({ keepAliveTimeout: 600_000 });
    const called: string[] = [];
    app.get("/", () => "body of /\n");
    app.addHook("onClose", () => void called.push("onClose"));
    await withRetirement(PLENTY, {
      servers: [app],
      grace: 1_000,
      closing: [() => called.push("closing")],
    }, async (bench) => {
      await app.listen({ host: "127.0.0.1", port: 0 });
      const connection = new Connection(app.server);
      assert.doesNotMatch(await connection.request("/"), /connection: close/i);
      void bench.retirement.begin();
      assert.match(await connection.request("/"), /connection: close/i);
      assert.deepEqual(called, []);
      await until(() => bench.pass(0.1), () => bench.exits.length > 0);
      assert.deepEqual([called, bench.errors], [["onClose", "closing"], []]);
      connection.end();
    });
  });
});
