import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { watch } from "../src/watch.ts";
import { settle } from "./support/async.ts";
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
