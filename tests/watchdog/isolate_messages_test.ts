// What watchdogs of several isolates tell each other, on a scripted channel
// that delivers at once, and how long they wait for each other.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { MiB } from "../../src/bytes.ts";
import type { IsolateChannel } from "../../src/host/watchdog.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import type { Dog } from "../../src/watchdog/dog.ts";
import { MAX_HOLD, OtherIsolates } from "../../src/watchdog/other_isolates.ts";
import { startDog } from "../support/dog_bench.ts";
import { LIMIT, WatchdogBench } from "../support/watchdog_bench.ts";

/** Channels that reach each other, and what was sent. */
class Process {
  readonly sent: Record<string, unknown>[] = [];
  readonly #receivers = new Set<(message: unknown) => void>();
  closed = 0;

  readonly open = (receive: (message: unknown) => void): IsolateChannel => {
    this.#receivers.add(receive);
    return {
      post: (message) => {
        this.sent.push(message as Record<string, unknown>);
        for (const other of this.#receivers) if (other !== receive) other(message);
      },
      close: () => {
        this.closed++;
        this.#receivers.delete(receive);
      },
    };
  };

  /** The kinds of the messages that were sent since the last call. */
  kinds(): unknown[] {
    return this.sent.splice(0).map(({ kind }) => kind);
  }
}

let clock: ManualClock;
let host: Process;
let freed: number;
let lost: unknown[];

beforeEach(() => {
  clock = new ManualClock();
  host = new Process();
  freed = 0;
  lost = [];
});

const join = (open = host.open) =>
  new OtherIsolates(
    open,
    () => clock.now(),
    () => freed++,
    (reason) => lost.push(reason),
  );

describe("isolates of one process", () => {
  it("know of each other, whoever started first, until one stops", () => {
    const first = join();
    assert.equal(first.count, 0);
    const second = join();
    const third = join();
    assert.deepEqual([first, second, third].map(({ count }) => count), [2, 2, 2]);
    assert.deepEqual(host.kinds(), [
      "started",
      "started",
      "present",
      "started",
      "present",
      "present",
    ]);
    second.close();
    assert.deepEqual(host.kinds(), ["stopped"]);
    assert.deepEqual([first.count, third.count, host.closed], [1, 1, 1]);
  });

  it("close their channel once, and then tell and hear nothing", () => {
    const first = join();
    const second = join();
    first.close();
    host.kinds();
    first.close();
    first.begin(100);
    assert.deepEqual([host.kinds(), host.closed], [[], 1]);
    second.close();
    assert.deepEqual(host.kinds(), [], "nobody is left to tell");
  });

  it("tell when they collect, and how long that may take", () => {
    const first = join();
    join();
    host.kinds();
    first.begin(70);
    first.end();
    const [begun, ended] = host.sent;
    const { from } = begun!;
    assert.deepEqual(begun, { kind: "collecting", from, expected: 70 });
    assert.deepEqual(ended, { kind: "collected", from });
    assert.equal(typeof from, "string");
  });

  it("wait while another one collects, for as long as it expected", () => {
    const [first, second] = [join(), join()];
    first.begin(100);
    assert.deepEqual([second.allows(), first.allows()], [false, true]);
    clock.tick(99);
    assert.equal(second.allows(), false);
    clock.tick(1);
    assert.deepEqual([second.allows(), second.waited], [true, 1]);
  });

  it("look again when a collection that they waited for has ended", () => {
    const [first, second] = [join(), join()];
    first.begin(100);
    first.end();
    assert.equal(freed, 0, "nobody waited");
    first.begin(100);
    second.allows();
    second.allows();
    assert.equal(second.waited, 1);
    first.end();
    assert.equal(freed, 1);
    assert.equal(second.allows(), true);
    first.begin(100);
    first.end();
    assert.equal(freed, 1, "nobody waited");
  });

  it("go on waiting when one of two collections has ended", () => {
    const [first, second, third] = [join(), join(), join()];
    first.begin(100);
    second.begin(100);
    assert.equal(third.allows(), false);
    first.end();
    assert.deepEqual([freed, third.allows()], [0, false]);
    second.end();
    assert.deepEqual([freed, third.allows()], [1, true]);
  });

  it("hold a collection back for 250 ms at most, however many others collect", () => {
    const [first, second] = [join(), join()];
    clock.tick(1_000);
    first.begin(10_000);
    assert.equal(second.allows(), false);
    clock.tick(MAX_HOLD - 1);
    first.begin(10_000);
    assert.equal(second.allows(), false);
    clock.tick(1);
    assert.equal(second.allows(), true);
    second.begin(100);
    second.end();
    assert.equal(second.allows(), false, "it waits for the next one again");
    assert.equal(second.waited, 2);
  });

  it("expect the longest time of one that does not say how long it takes", () => {
    const [first, second] = [join(), join()];
    assert.equal(first.count, 1);
    const from = host.sent[0]!.from;
    host.open(() => {}).post({ kind: "collecting", from });
    clock.tick(MAX_HOLD - 1);
    assert.equal(second.allows(), false);
    clock.tick(1);
    assert.equal(second.allows(), true);
  });

  it("ignore what is no message of theirs", () => {
    const only = join();
    const { post } = host.open(() => {});
    for (const message of [{ from: "x" }, { kind: 1, from: "x" }, { kind: "started", from: 1 }]) {
      post(message);
    }
    assert.equal(only.count, 0);
    post({ kind: "started", from: "x" });
    assert.equal(only.count, 1);
  });

  it("know of no other once the channel has failed, and use it no more", () => {
    const broken = new Error("broken");
    let receive!: (message: unknown) => void;
    let posts = 0;
    const only = join((listener) => {
      receive = listener;
      return {
        post() {
          if (posts++ > 0) throw broken;
        },
        close() {},
      };
    });
    receive({ kind: "present", from: "x" });
    assert.equal(only.count, 1);
    only.begin(100);
    assert.deepEqual([lost, only.count, posts], [[broken], 0, 2]);
    receive({ kind: "started", from: "y" });
    only.begin(100);
    only.end();
    only.close();
    assert.deepEqual([lost, only.count, posts], [[broken], 0, 2]);
  });
});

describe("a watchdog beside another isolate's", () => {
  let bench: WatchdogBench;
  let dog: Dog | undefined;

  beforeEach(() => {
    bench = new WatchdogBench();
    clock = bench.clock;
  });

  afterEach(() => {
    dog?.stop();
    dog = undefined;
  });

  it("tells when it collects, even if that fails", async () => {
    const mine = new Error("mine");
    dog = startDog(bench, {
      openChannel: host.open,
      gc: () => {
        throw mine;
      },
    });
    join();
    host.kinds();
    bench.garbage = LIMIT;
    await bench.advance(10);
    assert.equal(dog.failure?.reason, mine);
    assert.deepEqual(host.kinds(), ["collecting", "collected", "stopped"]);
  });

  it("expects a collection to take as long as the last one", async () => {
    dog = startDog(bench, { openChannel: host.open });
    join();
    bench.pause = 30;
    for (const expected of [MAX_HOLD, 30]) {
      host.kinds();
      bench.garbage = LIMIT;
      await bench.advance(200);
      assert.deepEqual(
        host.sent.map(({ kind, expected }) => [kind, expected]),
        [["collecting", expected], ["collected", undefined]],
      );
      bench.garbage = 0;
      await bench.advance(500);
    }
  });

  it("waits for the other's collection, but fires all the same in a dry run", async () => {
    for (const dryRun of [false, true]) {
      dog = startDog(bench, { openChannel: host.open }, { dryRun });
      const other = join();
      other.begin(10_000);
      bench.garbage = 40 * MiB;
      await bench.advance(20);
      assert.equal(dog.counters.fired, dryRun ? 1 : 0);
      assert.equal(dog.counters.waited, dryRun ? 0 : 1);
      other.close();
      dog.stop();
    }
  });

  it("does not end its back-off for usage that the other may have moved", async () => {
    for (const [others, collections] of [[0, 2], [1, 1]]) {
      bench = new WatchdogBench();
      clock = bench.clock;
      dog = startDog(bench, { openChannel: host.open });
      const other = others === 0 ? undefined : join();
      bench.live = 45 * MiB;
      await bench.advance(20);
      assert.equal(bench.collections, 1);
      bench.elsewhere = 5 * MiB;
      await bench.advance(60);
      assert.equal(bench.collections, collections);
      other?.close();
      dog.stop();
    }
  });

  it("logs that it cannot reach others, and works on alone", async () => {
    dog = startDog(bench, {
      openChannel: () => {
        throw new Error("mine");
      },
    });
    assert.deepEqual(bench.log, ["warn: watchdog: cannot reach other isolates: Error: mine"]);
    bench.garbage = LIMIT;
    await bench.advance(10);
    assert.deepEqual([bench.collections, dog.state], [1, "running"]);
  });

  it("needs no logger for that", () => {
    const openChannel = () => {
      throw new Error("mine");
    };
    dog = startDog(bench, { openChannel }, { logger: {} });
    assert.equal(dog.state, "running");
  });

  it("throws in the start what a logger that is told of it throws", () => {
    const mine = new Error("mine");
    const fail = () => {
      throw mine;
    };
    assert.throws(
      () => startDog(bench, { openChannel: fail }, { logger: { warn: fail } }),
      (error) => error === mine,
    );
    bench.clock.assertIdle();
  });
});
