// What a load shedder learns, in simulated servers on a manual clock.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MiB } from "../../mod.ts";
import { type Cost, type ServerOptions, SimulatedServer } from "../support/simulated_server.ts";

const MB = 1_000_000;
const HOUR = 3_600_000;
const overloaded = async (
  cost: (server: SimulatedServer) => Cost,
  options: ServerOptions = {},
  time = 4_000,
): Promise<SimulatedServer> => {
  const server = new SimulatedServer(options);
  await server.clients(150, time, () => [cost(server), { url: "/work" }]);
  return server;
};

describe("a server whose requests take much", () => {
  for (const limit of [512, 256]) {
    for (const late of [0, 20, 200]) {
      it(`lives in ${limit} MiB where they take it ${late} ms late`, async () => {
        const cost = () => ({ bytes: 5 * MB, late, hold: 100 });
        const options = { limit: limit * MiB };
        const server = await overloaded(cost, options);
        assert.equal(server.killed, false, `${server.peak / MiB} MiB`);
        assert.ok(server.served > 300, `${server.served} were served`);
        if (late !== 20) return;
        const without = await overloaded(cost, { ...options, shed: { learn: false } });
        assert.equal(without.killed, true);
      });
    }
  }

  it("lives when the cost of a route doubles", async () => {
    const server = await overloaded(({ clock }) => ({
      bytes: (clock.now() < 2_000 ? 5 : 10) * MB,
      late: 20,
      hold: 100,
    }));
    assert.equal(server.killed, false, `${server.peak / MiB} MiB`);
    assert.ok(server.shedder.estimate!.kinds[0]!.bytes > 8 * MB);
  });

  it("lives through a burst after an idle hour, and serves as many at once as fit", async () => {
    const server = await overloaded(() => ({ bytes: 5 * MB, late: 20, hold: 100 }));
    await server.run(1_000);
    server.clock.tick(HOUR);
    const { served } = server;
    for (let i = 0; i < 500; i++) {
      void server.send({ bytes: 5 * MB, late: 200, hold: 50 }, { url: "/work" });
    }
    await server.run(400);
    assert.equal(server.killed, false, `${server.peak / MiB} MiB`);
    assert.ok(server.served - served >= 50, `${server.served - served} were served`);
  });

  it("tells a route from others that takes a thousand times as much", async () => {
    const server = new SimulatedServer();
    let n = 0;
    await server.clients(
      150,
      4_000,
      () =>
        n++ % 20 === 0
          ? [{ bytes: 20 * MB, late: 20, hold: 100 }, { url: "/large" }]
          : [{ bytes: 20_000, late: 5, hold: 20 }, { url: "/small" }],
    );
    assert.equal(server.killed, false, `${server.peak / MiB} MiB`);
    const [large, small] = ["/large", "/small"].map((path) =>
      server.shedder.estimate!.kinds.find(({ key }) => key === `GET ${path}`)!.bytes
    );
    assert.ok(large! > 10 * MB && large! < 40 * MB, `${large}`);
    assert.ok(small! < large! / 4, `${small}`);
  });
});

describe("a healthy server of small requests", () => {
  it("rejects none of 10,000 a second from the first millisecond on", async () => {
    const server = new SimulatedServer();
    await server.run(2_000, () => {
      for (let i = 0; i < 10; i++) void server.send({ bytes: 20_000, hold: 5 });
    });
    assert.equal(server.rejected, 0);
    assert.ok(server.times.length > 19_000, `${server.times.length}`);
  });

  it("lets a first burst of a thousand wait for a few answers at most", async () => {
    const server = new SimulatedServer();
    for (let i = 0; i < 1_000; i++) void server.send({ bytes: 20_000, hold: 5 });
    await server.run(500);
    assert.equal(server.served, 1_000);
    assert.equal(server.rejected, 0);
    const longest = Math.max(...server.times);
    assert.ok(longest <= 100, `${longest} ms`);
  });

  it("rejects none after an idle hour", async () => {
    const server = new SimulatedServer();
    await server.run(1_000, () => void server.send({ bytes: 20_000, hold: 5 }));
    server.clock.tick(HOUR);
    for (let i = 0; i < 1_000; i++) void server.send({ bytes: 20_000, hold: 5 });
    await server.run(200);
    assert.equal(server.rejected, 0);
  });

  it("is rejected less often with learning where memory is nearly full at rest", async () => {
    const served = async (learn: boolean) => {
      const options = { limit: 128 * MiB, base: 118 * MiB, engine: 4 * MiB, shed: { learn } };
      const server = new SimulatedServer(options);
      await server.run(3_000, () => void server.send({ bytes: 100_000, hold: 10 }));
      assert.equal(server.killed, false);
      return server.served;
    };
    const [without, withIt] = [await served(false), await served(true)];

    assert.ok(withIt > without, `${withIt} against ${without}`);
  });
});

describe("requests that do not end", () => {
  it("stop counting when their lease expires, and are reported", async () => {
    let expired = 0;
    const server = new SimulatedServer({
      shed: { leaseTimeout: 1_000, onExpired: () => expired++ },
    });
    for (let i = 0; i < 5; i++) server.sendNow({ bytes: MB, hold: Infinity }, { url: "/hangs" });
    await server.run(1_500);
    assert.equal(expired, 5);
    assert.equal(server.shedder.inFlight, 0);
    const kind = server.shedder.estimate!.kinds.find(({ key }) => key === "GET /hangs")!;
    assert.equal(kind.inFlight, 0);
  });
});

describe("memory that no request explains", () => {
  it("is reported once", async () => {
    const seen: number[] = [];
    const server = new SimulatedServer({
      base: 350 * MiB,
      shed: { onUnexplained: (bytes) => seen.push(bytes) },
    });
    await server.run(8_000, () => {
      server.live += 20_000;
      if (server.usage > 500 * MiB) server.live -= 20_000;
      void server.send({ bytes: 20_000, hold: 5 });
    });
    assert.equal(seen.length, 1);
    assert.ok(seen[0]! > 50 * MiB, `${seen[0]! / MiB} MiB`);
    assert.equal(server.shedder.estimate!.cause, "other");
  });
});

describe("the estimate", () => {
  it("is there if the shedder learns, which it does not by default", () => {
    for (const shed of [{ perRequest: 1 }, { learn: undefined }, { learn: false }]) {
      assert.equal(new SimulatedServer({ shed }).shedder.estimate, undefined);
    }
    const { shedder } = new SimulatedServer({ shed: { headroom: 1, learn: true } });
    assert.deepEqual(shedder.estimate!.kinds, []);
    assert.throws(
      () => new SimulatedServer({ shed: { perRequest: 1, learn: true } }),
      /'perRequest' and 'learn' exclude each other/,
    );
  });

  it("has the kind of all others only once a request was of it", async () => {
    const server = new SimulatedServer();
    await server.run(1);
    const keys = () => server.shedder.estimate!.kinds.map(({ key }) => key);
    server.sendNow({ bytes: 1, hold: 1 }, { url: "/a" });
    assert.deepEqual(keys(), ["GET /a"]);
    for (const name of "bcdefghijklmnopqrstuvwxyzABCDEFG") {
      server.sendNow({ bytes: 1, hold: 1 }, { url: `/${name}` });
    }
    await server.run(100);
    server.sendNow({ bytes: 1, hold: 1 }, { url: "/last" });
    assert.ok(keys().includes("(others)"));
    assert.ok(!keys().includes("GET /last"));
  });

  it("names kinds by method and route, by the size of the body, or by the user's key", () => {
    const keyOf = (request: object, shed = {}) => {
      const server = new SimulatedServer({ shed });
      server.sendNow({ bytes: 1, hold: 1 }, request);
      return server.shedder.estimate!.kinds[0]!.key;
    };
    assert.equal(keyOf({ url: "http://host/users/17/posts?x=1" }), "GET /users/:/posts");
    assert.equal(
      keyOf({ method: "POST", url: "/upload", headers: { "content-length": "5000000" } }),
      "POST /upload up to 16 MiB",
    );
    assert.equal(keyOf({ url: "/a/1", routeOptions: { url: "/a/:id" } }), "GET /a/:id");
    assert.equal(keyOf({ url: "/a" }, { key: () => "mine" }), "mine");
  });
});
