import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Closing, retire, type RetireOptions } from "../../retire.ts";
import { CountingAbort, settle } from "../support/async.ts";
import { RetireBench, withRetirement } from "../support/retire_bench.ts";

/** Memory that gives no reason. */
const PLENTY = [{ at: 0, systemTotal: 1_000, systemAvailable: 900 }];

/** A server as `Deno.serve` gives it, whose last request ends when told to. */
function denoServer(log: string[]) {
  let end = () => {};
  const ended = new Promise<void>((resolve) => end = resolve);
  return {
    end,
    shutdown() {
      log.push("shutdown");
      return ended;
    },
  };
}

describe("the order of retiring", () => {
  it("fails readiness, drains after the grace time, closes, and exits", async () => {
    const log: string[] = [];
    const server = denoServer(log);
    await withRetirement(PLENTY, {
      servers: [server],
      closing: [
        ({ cause, detail }) => log.push(`closing because of a ${cause}: ${detail}`),
        { close: () => log.push("close()") },
      ],
      exitCode: 3,
    }, async (bench) => {
      const { retirement, exits } = bench;
      const states = [retirement.state];
      const note = () => states.push(retirement.state);
      let over = false;
      void retirement.begin("a test").then(() => over = true);
      note();
      assert.deepEqual([retirement.ready, retirement.signal.aborted], [false, true]);
      await bench.pass(4.9);
      note();
      assert.deepEqual(log, []);
      await bench.pass(0.2);
      note();
      assert.deepEqual(log, ["shutdown"]);
      await bench.pass(5);
      assert.deepEqual([exits, over], [[], false]);
      server.end();
      await settle();
      note();
      assert.deepEqual(states, ["running", "retiring", "retiring", "draining", "ended"]);
      assert.deepEqual(log.slice(1), ["closing because of a call: a test", "close()"]);
      assert.deepEqual([exits, over], [[3], true]);
      assert.deepEqual(bench.errors, []);
      bench.clock.assertIdle();
    });
  });

  it("goes on at the deadline if requests are in flight, and says so", () =>
    withRetirement(PLENTY, { servers: [denoServer([])] }, async (bench) => {
      void bench.retirement.begin();
      await bench.pass(14.9);
      assert.deepEqual(bench.exits, []);
      await bench.pass(0.2);
      assert.deepEqual(bench.exits, [75]);
      assert.match(String(bench.errors), /still in flight.*after 10000 ms \('deadline'\)/);
      bench.clock.assertIdle();
    }));

  it("exits although a server, hooks and exit fail, and reports each", () =>
    withRetirement(PLENTY, {
      servers: [{ shutdown: () => Promise.reject(new Error("server")) }],
      onRetiring: () => {
        throw new Error("onRetiring");
      },
      closing: [
        () => {
          throw new Error("closing");
        },
        () => Promise.reject(new Error("later")),
        {
          stop: () => ({
            get then(): never {
              throw new Error("then");
            },
          }),
        },
      ],
    }, async (bench) => {
      void bench.retirement.begin();
      await bench.pass(20);
      assert.deepEqual(bench.exits, [75]);
      const told = bench.errors.map((error) => (error as Error).message);
      assert.deepEqual(told, ["onRetiring", "server", "closing", "later", "then"]);
      bench.clock.assertIdle();
    }));

  it("calls every hook although one never settles, and names it", () => {
    const called: number[] = [];
    const closing: Closing[] = [
      () => void called.push(0),
      () => new Promise(() => called.push(1)),
      () => void called.push(2),
      () => new Promise(() => called.push(3)),
    ];
    return withRetirement(PLENTY, { closing, closingTimeout: 1_000, grace: 0 }, async (bench) => {
      void bench.retirement.begin();
      await bench.pass(0.9);
      assert.deepEqual(called, [0, 1]);
      await bench.pass(0.2);
      assert.deepEqual(called, [0, 1, 2, 3]);
      assert.deepEqual(bench.exits, [75]);
      assert.match(String(bench.errors), /closing\[1\] did not.*closing\[3\] did not/);
      bench.clock.assertIdle();
    });
  });

  it("closes by the first method that an object has", async () => {
    const called: string[] = [];
    const one = (...names: (string | symbol)[]) =>
      Object.fromEntries(names.map((name) => [name, () => called.push(String(name))])) as Closing;
    const closing = [
      one("close", Symbol.asyncDispose),
      one("stop", Symbol.dispose),
      one("destroy", "close"),
      one("terminate", "stop"),
      one("terminate"),
    ];
    await withRetirement(PLENTY, { closing, grace: 0 }, async (bench) => {
      void bench.retirement.begin();
      await bench.pass(1);
    });
    const expected = ["Symbol(Symbol.asyncDispose)", "Symbol(Symbol.dispose)"];
    assert.deepEqual(called, [...expected, "close", "stop", "terminate"]);
  });

  it("retires once, whatever else gives a reason", () =>
    withRetirement(PLENTY, {}, async (bench) => {
      const { retirement } = bench;
      const [one, two] = [retirement.begin("one"), retirement.begin("two")];
      retirement.stop();
      await bench.pass(20);
      await Promise.all([one, two]);
      assert.deepEqual(bench.reasons.map(({ detail }) => detail), ["one"]);
      assert.deepEqual(bench.exits, [75]);
      await retirement.begin("three");
      assert.deepEqual(bench.exits, [75]);
    }));

  it("drains servers that were added while it retires", async () => {
    const log: string[] = [];
    await withRetirement(PLENTY, {}, async (bench) => {
      void bench.retirement.begin();
      await bench.pass(1);
      const server = denoServer(log);
      server.end();
      assert.equal(bench.retirement.add(server), server);
      await bench.pass(10);
      assert.deepEqual([log, bench.exits], [["shutdown"], [75]]);
    });
  });
});

describe("a retirement before it retires", () => {
  it("leaves nothing when stopped, and does not retire any more", async () => {
    const abort = new CountingAbort();
    const bench = new RetireBench(PLENTY, { signal: abort.signal });
    assert.deepEqual([bench.clock.running, bench.clock.referenced], [1, 0]);
    assert.equal(abort.listeners, 1);
    bench.retirement.stop();
    bench.retirement.stop();
    assert.deepEqual([bench.retirement.state, bench.retirement.ready], ["stopped", true]);
    assert.equal(abort.listeners, 0);
    bench.clock.assertIdle();
    await bench.retirement.begin();
    await bench.pass(60);
    assert.deepEqual([bench.reasons, bench.exits], [[], []]);
    new RetireBench(PLENTY).retirement[Symbol.dispose]();
  });

  it("stops when its signal is aborted, and is stopped if it was before", async () => {
    const abort = new AbortController();
    const bench = new RetireBench(PLENTY, { signal: abort.signal });
    abort.abort();
    assert.equal(bench.retirement.state, "stopped");
    bench.clock.assertIdle();
    const late = new RetireBench(PLENTY, { signal: abort.signal });
    assert.equal(late.retirement.state, "stopped");
    late.clock.assertIdle();
    await late.retirement.begin();
    assert.deepEqual(late.exits, []);
  });

  it("refuses a second one, until the first has stopped or ended", async () => {
    const first = new RetireBench(PLENTY);
    const again = /Cannot start a second retire\(\) in this process: stop the first one/;
    assert.throws(() => retire(), again);
    first.retirement.stop();
    const second = new RetireBench(PLENTY, { grace: 0 });
    assert.throws(() => new RetireBench(PLENTY), again);
    void second.retirement.begin();
    await second.pass(1);
    assert.deepEqual(second.exits, [75]);
    new RetireBench(PLENTY).retirement.stop();
  });

  it("starts none if something fails at the start", () => {
    const clock = {
      now: () => 0,
      every: (): never => {
        throw new Error("no timers");
      },
    };
    assert.throws(() => retire({ clock }), /no timers/);
    new RetireBench(PLENTY).retirement.stop();
  });

  it("reads each option once", async () => {
    const reads: string[] = [];
    const options = new Proxy<RetireOptions>({ signals: [] }, {
      get(target, name) {
        reads.push(String(name));
        return target[name as keyof RetireOptions];
      },
    });
    retire(options).stop();
    assert.deepEqual(reads.toSorted(), [...new Set(reads)].toSorted());
    await settle();
  });
});

describe("the answers of a retirement", () => {
  it("to a readiness check are those of another check until it retires", async () => {
    await withRetirement(PLENTY, {}, async ({ retirement }) => {
      const shed = () => new Response("shed", { status: 503 });
      assert.equal(await retirement.readiness(shed).text(), "shed");
      const answer = retirement.readiness();
      assert.equal(answer.status, 200);
      assert.deepEqual(await answer.json(), { status: "pass", state: "running" });
      void retirement.begin();
      const last = retirement.readiness(shed);
      assert.equal(last.status, 503);
      assert.deepEqual(await last.json(), { status: "fail", state: "retiring" });
    });
  });

  it("of a handler close their connections from then on", async () => {
    await withRetirement(PLENTY, {}, async ({ retirement }) => {
      const header = async (response: Response | Promise<Response>) =>
        (await response).headers.get("connection");
      let answerLate = (_: Response) => {};
      const late = new Promise<Response>((resolve) => answerLate = resolve);
      const serve = (make: () => Response | Promise<Response>) => retirement.handler(make)();
      assert.equal(await header(serve(() => new Response("x"))), null);
      const pending = serve(() => late);
      void retirement.begin();
      answerLate(new Response("late"));
      assert.equal(await header(pending), "close");
      const redirect = await serve(() => Response.redirect("http://localhost/there", 303));
      assert.deepEqual(
        [redirect.status, redirect.headers.get("location"), redirect.headers.get("connection")],
        [303, "http://localhost/there", "close"],
      );
      // What is not a Response, as Bun wants it after an upgrade, stays as it is.
      assert.equal(retirement.handler(() => undefined)(), undefined);
      await assert.rejects(
        async () => await serve(() => Promise.reject(new Error("own"))),
        /^Error: own$/,
      );
      assert.throws(() =>
        serve(() => {
          throw new Error("thrown");
        }), /^Error: thrown$/);
    });
  });

  it("of a handler depend on the same arguments", async () => {
    await withRetirement(PLENTY, {}, ({ retirement }) => {
      const handler = retirement.handler((a: number, b: number) => a + b);
      // Deno passes only as many as a handler declares.
      assert.deepEqual([handler(1, 2), handler.length], [3, 2]);
      const wrong = undefined as unknown as () => void;
      assert.throws(() => retirement.handler(wrong), /'handler' must be a function/);
    });
  });
});
