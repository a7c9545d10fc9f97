import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemInfo } from "../src/mem_info.ts";
import type { WatchOptions } from "../src/watch_options.ts";
import { settle } from "./support/async.ts";
import { Bench } from "./support/watch_bench.ts";

type Then = (resolve: (value?: unknown) => void, reject: (reason: unknown) => void) => void;

/** Not a promise, but awaited like one. */
const thenable = (then: Then) => ({ then });

/** Whose `then` cannot even be read. */
const unreadable = (error: unknown) =>
  Object.defineProperty({}, "then", {
    get() {
      throw error;
    },
  });

const ERROR = new Error("thrown by then");

const REJECTING: [string, () => unknown][] = [
  ["throws", () =>
    thenable(() => {
      throw ERROR;
    })],
  ["throws when it is read", () => unreadable(ERROR)],
  ["rejects", () => thenable((_, reject) => reject(ERROR))],
  ["is that of a rejected promise", () => Promise.reject(ERROR)],
  [
    "cannot read the constructor of its promise",
    () =>
      Object.defineProperty(Promise.resolve(), "constructor", {
        get() {
          throw ERROR;
        },
      }),
  ],
  ["rejects, then resolves", () =>
    thenable((resolve, reject) => {
      reject(ERROR);
      resolve();
    })],
  ["rejects, then throws", () =>
    thenable((_, reject) => {
      reject(ERROR);
      throw new Error("ignored");
    })],
  [
    "resolves with a thenable that rejects",
    () => thenable((resolve) => resolve(thenable((_, reject) => reject(ERROR)))),
  ],
  [
    "is that of a function",
    () => Object.assign(() => {}, { then: ((_, reject) => reject(ERROR)) satisfies Then }),
  ],
];

/** A class that inherits `then` from the promises of this realm. */
class Inheriting extends Promise<void> {}

const RESOLVING: [string, () => unknown][] = [
  ["is that of a subclass of Promise", () => Inheriting.resolve()],
  ["resolves", () => thenable((resolve) => resolve())],
  ["resolves twice", () =>
    thenable((resolve) => {
      resolve();
      resolve();
    })],
  ["resolves, then rejects", () =>
    thenable((resolve, reject) => {
      resolve();
      reject(ERROR);
    })],
  ["resolves, then throws", () =>
    thenable((resolve) => {
      resolve();
      throw ERROR;
    })],
  [
    "resolves with a thenable",
    () => thenable((resolve) => resolve(thenable((resolve) => resolve()))),
  ],
];

describe("watch() whose callback returns a thenable", () => {
  for (const [how, make] of REJECTING) {
    it(`rejects if its then ${how}, or calls onPanic once`, async () => {
      const bench = new Bench();
      bench.onCall = make;
      bench.start();
      bench.time.advance(100);
      await settle();
      assert.equal(bench.outcome.state, "rejected");
      assert.equal(bench.outcome.reason, ERROR);
      bench.assertNothingLeft();

      const second = new Bench();
      const panics: unknown[] = [];
      second.onCall = () => second.calls.length === 1 ? make() : undefined;
      second.start({ onPanic: (reason) => void panics.push(reason) });
      second.time.advance(100);
      await settle();
      assert.deepEqual(panics, [ERROR]);
      second.time.advance(100);
      await settle();
      assert.equal(second.calls.length, 2);
      assert.equal(panics.length, 1);
      second.abort.abort();
      await settle();
      assert.equal(second.outcome.state, "resolved");
      second.assertNothingLeft();
    });

    it(`rejects if that of onPanic ${how}`, async () => {
      const bench = new Bench();
      bench.onCall = () => {
        throw new Error("a bug");
      };
      bench.start({ onPanic: make });
      bench.time.advance(100);
      await settle();
      assert.equal(bench.outcome.reason, ERROR);
      bench.assertNothingLeft();
    });

    it(`rejects if that of a snapshot ${how}, or calls onPanic once`, async () => {
      for (const given of [false, true]) {
        const bench = new Bench();
        const panics: unknown[] = [];
        bench.sampler.next = () => make() as MemInfo;
        const options: Partial<WatchOptions> = given
          ? { onPanic: (reason) => void panics.push(reason) }
          : {};
        bench.start(options);
        bench.time.advance(100);
        await settle();
        if (given) assert.deepEqual(panics, [ERROR]);
        else assert.equal(bench.outcome.reason, ERROR);
        assert.equal(bench.calls.length, 0);
        bench.abort.abort();
        await settle();
        bench.assertNothingLeft();
      }
    });
  }

  for (const [how, make] of RESOLVING) {
    it(`goes on if its then ${how}`, async () => {
      const bench = new Bench();
      bench.onCall = make;
      bench.start({ onPanic: () => assert.fail("onPanic was called") });
      for (let calls = 1; calls <= 3; calls++) {
        bench.time.advance(100);
        await settle();
        assert.equal(bench.calls.length, calls);
      }
      bench.abort.abort();
      await settle();
      assert.equal(bench.outcome.state, "resolved");
      bench.assertNothingLeft();
    });
  }

  it("never overlaps calls if it settles again while the next call runs", async () => {
    const bench = new Bench();
    const gate = Promise.withResolvers<void>();
    let again = () => {};
    bench.onCall = () => {
      if (bench.calls.length > 1) return gate.promise;
      return thenable((resolve, reject) => {
        again = () => {
          resolve();
          reject(ERROR);
        };
        resolve();
      });
    };
    bench.start({ onPanic: () => assert.fail("onPanic was called") });
    bench.time.advance(100);
    await settle();
    bench.time.advance(200);
    again();
    await settle();
    assert.equal(bench.calls.length, 2, "calls overlapped");
    gate.resolve();
    await settle();
    assert.deepEqual(bench.calls[2], { rss: 3, coalesced: 0, cause: "tick" });
    bench.abort.abort();
  });

  it("rejects if it only inherits from Promise.prototype", async () => {
    const bench = new Bench();
    bench.onCall = () => Object.create(Promise.prototype);
    bench.start();
    bench.time.advance(100);
    await settle();
    assert.ok(bench.outcome.reason instanceof TypeError);
    bench.assertNothingLeft();
  });

  it("waits for one that never settles, also after an abort", async () => {
    const bench = new Bench();
    bench.onCall = () => thenable(() => {});
    bench.start();
    bench.time.advance(1_000);
    bench.abort.abort();
    await settle();
    assert.equal(bench.calls.length, 1);
    assert.equal(bench.outcome.state, "pending");
    bench.assertNothingLeft();
  });

  it("reads then once", async () => {
    const bench = new Bench();
    let reads = 0;
    bench.onCall = () => ({
      get then(): Then {
        reads++;
        return (resolve) => resolve();
      },
    });
    bench.start();
    bench.time.advance(100);
    await settle();
    assert.equal(reads, 1);
    bench.abort.abort();
  });

  it("does not wait for a value whose then is no function", () => {
    for (const value of [undefined, null, 1, "x", {}, { then: 1 }, () => {}]) {
      const bench = new Bench();
      bench.onCall = () => value;
      bench.start();
      bench.time.advance(300); // no promise settles in between
      assert.equal(bench.calls.length, 3);
      bench.abort.abort();
    }
  });

  it("takes the snapshot of a sampler's thenable, once", async () => {
    const bench = new Bench();
    bench.sampler.next = (info) =>
      thenable((resolve) => {
        resolve(info);
        resolve(info);
      }) as unknown as MemInfo;
    bench.start();
    bench.time.advance(100);
    await settle();
    assert.deepEqual(bench.calls, [{ rss: 1, coalesced: 0, cause: "tick" }]);
    bench.abort.abort();
  });
});
