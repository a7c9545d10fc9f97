import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { watch } from "../src/watch.ts";
import { follow, settle } from "./support/async.ts";
import { Bench } from "./support/watch_bench.ts";

const ON_PANIC = [undefined, () => assert.fail("onPanic was called")];
const REASONS: unknown[] = [undefined, new Error("the user's own"), "a string", null, NaN];

describe("watch() whose callback fails because of the abort", () => {
  /** Runs one watch whose callback does `work`, and aborts meanwhile. */
  async function abortDuring(
    work: (signal: AbortSignal) => Promise<unknown>,
    reason: unknown,
    onPanic?: () => void,
  ): Promise<void> {
    const stop = new AbortController();
    const { sampler } = new Bench();
    await watch(
      { interval: 60_000, immediate: true, signal: stop.signal, sampler, onPanic },
      (_, { signal }) => {
        // After the work has begun, as `watch` waits for nothing else.
        setImmediate(() => stop.abort(reason));
        return work(signal);
      },
    );
  }

  it("resolves if fetch() rejects, for its response and for its body", async () => {
    const server = http.createServer(({ url }, response) => {
      if (url === "/body") response.write("the beginning of a body");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      for (const onPanic of ON_PANIC) {
        await abortDuring((signal) => fetch(url, { signal }), undefined, onPanic);
        const stop = new AbortController();
        const { sampler } = new Bench();
        await watch(
          { interval: 60_000, immediate: true, signal: stop.signal, sampler, onPanic },
          async (_, { signal }) => {
            const response = await fetch(`${url}/body`, { signal });
            stop.abort();
            await response.text();
          },
        );
      }
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("resolves if Node's own functions reject with their AbortError", async () => {
    const run = promisify(execFile);
    for (const reason of REASONS) {
      for (const onPanic of ON_PANIC) {
        await abortDuring((signal) => sleep(60_000, undefined, { signal }), reason, onPanic);
      }
    }
    await abortDuring((signal) => run("sleep", ["60"], { signal }), undefined);
    await abortDuring(async (signal) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      await fs.readFile("/dev/null", { signal });
    }, undefined);
  });

  it("resolves if a signal made from its own ends the work", async () => {
    await abortDuring((signal) => {
      const either = AbortSignal.any([signal, new AbortController().signal]);
      return sleep(60_000, undefined, { signal: either });
    }, undefined);
  });

  it("resolves if the callback throws the signal's reason, whatever it is", async () => {
    for (const reason of REASONS) {
      for (const onPanic of ON_PANIC) {
        const bench = new Bench();
        bench.onCall = (_, { signal }) => {
          bench.abort.abort(reason);
          throw signal.reason;
        };
        bench.start({ onPanic });
        bench.time.advance(100);
        await settle();
        assert.equal(bench.outcome.state, "resolved", `${reason}`);
        bench.assertNothingLeft();
      }
    }
  });

  it("treats any other error as a failure", async () => {
    const named = (cause: unknown) =>
      Object.assign(new Error("other", { cause }), { name: "AbortError" });
    const hostile = Object.defineProperty({}, "name", {
      get() {
        throw new Error("a getter");
      },
    });
    const stop = new AbortController();
    stop.abort();
    const others = [
      new Error("other"),
      named(undefined),
      named(new Error("of another signal")),
      new Error("no AbortError", { cause: stop.signal.reason }),
      new DOMException("equal, not the same", "AbortError"),
      stop.signal.reason,
      hostile,
      undefined,
      null,
    ];
    for (const other of others) {
      const bench = new Bench();
      bench.onCall = () => {
        bench.abort.abort();
        return Promise.reject(other);
      };
      bench.start();
      bench.time.advance(100);
      await settle();
      assert.deepEqual([bench.outcome.state, bench.outcome.reason], ["rejected", other]);
      assert.equal(bench.outcome.reason, other);
      bench.assertNothingLeft();

      const panics: unknown[] = [];
      const second = new Bench();
      second.onCall = () => {
        second.abort.abort();
        throw other;
      };
      second.start({ onPanic: (reason) => void panics.push(reason) });
      second.time.advance(100);
      await settle();
      assert.equal(second.outcome.state, "resolved");
      assert.deepEqual(panics, [other]);
      second.assertNothingLeft();
    }
  });

  it("treats the reason as a failure before the abort", async () => {
    const bench = new Bench();
    const reason = new Error("thrown too early");
    bench.onCall = () => {
      throw reason;
    };
    bench.start();
    bench.time.advance(100);
    bench.abort.abort(reason);
    await settle();
    assert.equal(bench.outcome.state, "rejected");
  });

  it("does not excuse onPanic", async () => {
    const bench = new Bench();
    bench.onCall = () => {
      throw new Error("a bug");
    };
    bench.start({
      onPanic: () => {
        bench.abort.abort();
        throw bench.abort.signal.reason;
      },
    });
    bench.time.advance(100);
    await settle();
    assert.equal(bench.outcome.state, "rejected");
    bench.assertNothingLeft();
  });
});

describe("watch() aborted", () => {
  it("inside onPanic: waits for it, then resolves", async () => {
    const gate = Promise.withResolvers<void>();
    const bench = new Bench();
    bench.onCall = () => {
      throw new Error("a bug");
    };
    bench.start({
      onPanic: () => {
        bench.abort.abort();
        return gate.promise;
      },
    });
    bench.time.advance(300);
    await settle();
    assert.equal(bench.outcome.state, "pending");
    gate.resolve();
    await settle();
    assert.equal(bench.outcome.state, "resolved");
    bench.assertNothingLeft();
  });

  for (const later of [false, true]) {
    const how = later ? "whose promise is pending" : "that returns directly";
    it(`inside the sampler ${how}: does not call the callback`, async () => {
      for (const immediate of [false, true]) {
        const bench = new Bench();
        bench.sampler.next = (info) => {
          bench.abort.abort();
          return later ? Promise.resolve(info) : info;
        };
        bench.start({ immediate });
        bench.time.advance(100);
        await settle();
        assert.equal(bench.outcome.state, "resolved");
        assert.equal(bench.calls.length, 0);
        bench.assertNothingLeft();
      }
    });
  }

  it("inside a sampler that then throws: the signal's reason resolves, others reject", async () => {
    const other = new Error("other");
    for (const reason of [undefined, other]) {
      const bench = new Bench();
      bench.sampler.next = () => {
        bench.abort.abort();
        throw reason ?? bench.abort.signal.reason;
      };
      bench.start();
      bench.time.advance(100);
      await settle();
      assert.equal(bench.outcome.state, reason === undefined ? "resolved" : "rejected");
      assert.equal(bench.outcome.reason, reason);
      bench.assertNothingLeft();
    }
  });

  it("while a snapshot is pending: a rejection with the reason is nobody's", async () => {
    const bench = new Bench();
    bench.sampler.next = () =>
      new Promise((_, reject) => {
        const { signal } = bench.abort;
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    bench.start({ onPanic: () => assert.fail("onPanic was called") });
    bench.time.advance(100);
    bench.abort.abort();
    await settle();
    assert.equal(bench.outcome.state, "resolved");
  });

  it("while its options are read: takes no sample", async () => {
    const bench = new Bench();
    const options = {
      interval: 100,
      immediate: true,
      signal: bench.abort.signal,
      sampler: bench.sampler,
      get clock() {
        bench.abort.abort();
        return bench.time.clock;
      },
    };
    const outcome = follow(watch(options, () => assert.fail("called")));
    await settle();
    assert.equal(outcome.state, "resolved");
    assert.equal(bench.sampler.taken, 0);
    bench.assertNothingLeft();
  });
});
