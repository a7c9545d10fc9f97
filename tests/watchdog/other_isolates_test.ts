// Watchdogs of several isolates of one process. A channel reaches the other
// channels of its own isolate too, so that a test is the other isolate.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { afterEach, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { BroadcastChannel } from "node:worker_threads";
import { openIsolateChannel } from "../../platform/isolate_channel.ts";
import { MiB, openSampler } from "../../mod.ts";
import type { MemInfo } from "../../src/mem_info.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { MAX_HOLD, OtherIsolates } from "../../src/watchdog/other_isolates.ts";
import {
  cgroupDriven,
  heapDriven,
  type IneffectiveEvent,
  type Logger,
  type Watchdog,
  watermarks,
} from "../../watchdog.ts";
import { outputOf, ownRuntime, startProgram } from "../support/own_runtime.ts";
import { WatchdogBench } from "../support/watchdog_bench.ts";

const CHANNEL = "@x/memctl/watchdog";

/** Lets messages arrive: they come in tasks of their own. */
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 20_000 && !condition(); i++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assert.ok(condition());
}

const unexpected = (reason?: unknown): void => assert.fail(`not expected: ${reason}`);

let clock: ManualClock;
let peer: OtherIsolates;
let dog: Watchdog | undefined;
let collections: number;

beforeEach(() => {
  clock = new ManualClock();
  collections = 0;
  peer = new OtherIsolates(
    (receive) => openIsolateChannel(CHANNEL, receive),
    () => 0,
    () => {},
    unexpected,
  );
});

afterEach(() => {
  dog?.stop();
  peer.close();
});

const tiny = "0.0000001%";

/** A watchdog on this process's real figures, and always above its watermark. */
function start(logger?: Logger): Watchdog {
  return dog = heapDriven({
    limit: (openSampler().sample() as MemInfo).systemTotal ?? 2 ** 30,
    growth: false,
    policy: () => ({ next: 0, immediate: true }),
    interval: 10,
    clock,
    gc: () => void collections++,
    logger,
    // The heap of a test grows and shrinks as it likes.
    guard: { minFreed: tiny, minGap: 1, minFill: tiny, calmShare: "100%" },
  });
}

describe("a watchdog that knows of another isolate's", () => {
  beforeEach(async () => {
    start();
    await until(() => peer.count === 1 && collections === 1);
  });

  it("waits for the other's collection, and looks again as soon as that has ended", async () => {
    peer.begin(10_000);
    await until(() => {
      if (dog!.counters.waited === 0) clock.tick(10);
      return dog!.counters.waited === 1;
    });
    const before = collections;
    clock.tick(100);
    assert.equal(collections, before);
    peer.end();
    await until(() => collections === before + 1); // no tick was due
    assert.equal(dog!.counters.waited, 1);
  });

  it("waits no longer than 250 ms for one that does not end", async () => {
    peer.begin(10_000);
    await until(() => {
      if (dog!.counters.waited === 0) clock.tick(10);
      return dog!.counters.waited === 1;
    });
    const before = collections;
    clock.tick(MAX_HOLD - 20);
    assert.equal(collections, before);
    await until(() => {
      clock.tick(10);
      return collections > before;
    });
    assert.ok(clock.now() < 10_000, "it did not wait for the end");
  });

  it("forgets the other when that stops", async () => {
    const events: IneffectiveEvent[] = [];
    dog!.stop();
    dog = heapDriven({
      limit: 2 ** 30,
      growth: false,
      policy: () => ({ next: 0, immediate: true }),
      clock,
      interval: 10,
      gc: () => {},
      guard: { minFreed: "100%" },
      onIneffective: (event) => events.push(event),
    });
    const otherIsolates = () => {
      clock.tick(1_000_000);
      return events.at(-1)?.otherIsolates;
    };
    await until(() => otherIsolates() === 1);
    assert.ok(events.at(-1)!.heapUsed! > 0 && events.at(-1)!.runtimeTotal! > 0);
    peer.close();
    await until(() => otherIsolates() === 0);
  });
});

describe("a watchdog that loses the others while it stops", () => {
  const { postMessage } = BroadcastChannel.prototype;

  afterEach(() => {
    BroadcastChannel.prototype.postMessage = postMessage;
  });

  it("releases everything, even if the logger that is told of it throws", async () => {
    const mine = new Error("mine");
    const logger: Logger = {};
    start({ warn: (message) => logger.warn?.(message) });
    await until(() => peer.count === 1 && collections === 1);
    logger.warn = () => {
      throw mine;
    };
    BroadcastChannel.prototype.postMessage = () => {
      throw new Error("closed");
    };
    dog!.stop();
    assert.equal(dog!.state, "stopped");
    assert.deepEqual(dog!.failure, { during: "calling logger.warn", reason: mine });
    clock.assertIdle();
  });
});

describe("a watchdog alone in its process", () => {
  it("sends nothing at a collection and never waits", () => {
    const sent: unknown[] = [];
    const alone = new OtherIsolates(
      () => ({ post: (message) => void sent.push(message), close() {} }),
      () => 0,
      unexpected,
      unexpected,
    );
    assert.equal(sent.length, 1);
    for (let i = 0; i < 10; i++) {
      assert.ok(alone.allows());
      alone.begin(100);
      alone.end();
    }
    alone.close();
    assert.equal(sent.length, 1);
  });

  it("works on without the others when the channel fails", () => {
    const broken = new Error("mine");
    for (const openFails of [true, false]) {
      const reasons: unknown[] = [];
      const lost = new OtherIsolates(
        () => {
          if (openFails) throw broken;
          return {
            post() {
              throw broken;
            },
            close() {},
          };
        },
        () => 0,
        unexpected,
        (reason) => void reasons.push(reason),
      );
      assert.ok(lost.allows());
      lost.begin(100);
      lost.end();
      lost.close();
      assert.deepEqual(reasons, [broken]);
    }
  });

  it("ignores malformed messages", () => {
    let receive!: (message: unknown) => void;
    const alone = new OtherIsolates(
      (listener) => {
        receive = listener;
        return { post() {}, close() {} };
      },
      () => 0,
      unexpected,
      unexpected,
    );
    for (const message of [undefined, null, 1, "x", {}, { kind: 1 }, { kind: "started" }]) {
      receive(message);
    }
    assert.equal(alone.count, 0);
  });

  it("does not keep the process alive", async () => {
    const program = fileURLToPath(new URL("../support/programs/unstopped.ts", import.meta.url));
    const [command, ...args] = [...ownRuntime, program];
    const { stdout } = await promisify(execFile)(command!, args, { timeout: 60_000 });
    assert.equal(stdout.trim(), "running");
  });
});

describe("freed bytes", () => {
  it("are not credited to an isolate for what left the container meanwhile", async () => {
    const bench = new WatchdogBench();
    const events: IneffectiveEvent[] = [];
    bench.live = 1_000;
    bench.elsewhere = 60_000_000;
    dog = cgroupDriven(bench.options({
      policy: watermarks([0.5]),
      gc: () => {
        bench.garbage = 0;
        bench.elsewhere = 0; // another isolate has collected
      },
      onIneffective: (event) => events.push(event),
    }));
    bench.garbage = 24;
    await bench.advance(10);
    assert.equal(dog.counters.bytesFreed, 24);
    assert.equal(events[0]?.freed, 24);
    assert.equal(events[0].heapUsed, 1_000);
    assert.equal(events[0].otherIsolates, 0);
    assert.ok(bench.log.some((line) => /belongs to other isolates or processes/.test(line)));
    assert.ok(!bench.log.some((line) => /cannot help/.test(line)));
  });

  it("are those of the usage where the heap's figures are unknown", async () => {
    const bench = new WatchdogBench();
    bench.missing = ["heapUsed"];
    bench.garbage = 60_000_000;
    dog = cgroupDriven(bench.options({ policy: watermarks([0.5]) }));
    await bench.advance(10);
    assert.equal(dog.counters.bytesFreed, 60_000_000);
  });

  it("show in this runtime's heap figures for objects, strings and buffers", async () => {
    const freed: Record<string, number> = JSON.parse(await outputOf(startProgram("freed_bytes")));
    assert.deepEqual(Object.keys(freed), ["objects", "buffers", "strings"]);
    for (const [kind, bytes] of Object.entries(freed)) {
      assert.ok(bytes > 8 * MiB, `${kind}: ${bytes}`);
    }
  });
});
