// What a watchdog is started with: how this runtime collects, and whether it
// coordinates with other isolates.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import vm from "node:vm";
import { BroadcastChannel } from "node:worker_threads";
import { MiB } from "../../src/bytes.ts";
import {
  cgroupDriven,
  type CommonWatchdogOptions,
  systemDriven,
  type Watchdog,
  watchdog,
  watermarks,
} from "../../watchdog.ts";
import { settle } from "../support/async.ts";
import { WatchdogBench } from "../support/watchdog_bench.ts";

let bench: WatchdogBench;
let dog: Watchdog | undefined;

beforeEach(() => {
  bench = new WatchdogBench();
});

afterEach(() => {
  dog?.stop();
  dog = undefined;
});

const isDeno = "Deno" in globalThis;
const isBun = "Bun" in globalThis;

describe("a watchdog whose engine can be asked to collect", () => {
  const runtime = globalThis as { Deno?: unknown };
  const { transfer } = ArrayBuffer.prototype;
  let requests: number;

  beforeEach(() => {
    requests = 0;
    // The engine is asked by a buffer that is made and given up at once.
    if (!isDeno) runtime.Deno = {};
    ArrayBuffer.prototype.transfer = function (length) {
      requests++;
      return transfer.call(this, length);
    };
  });

  afterEach(() => {
    if (!isDeno) delete runtime.Deno;
    ArrayBuffer.prototype.transfer = transfer;
  });

  /** Passes the watermark with the heap grown by more than half of what is left. */
  async function pass(options: CommonWatchdogOptions): Promise<number[]> {
    dog = cgroupDriven(bench.options({ policy: watermarks([0.5]), ...options }));
    bench.live = 10 * MiB;
    await bench.advance(10);
    bench.garbage = 30 * MiB;
    await bench.advance(10);
    const { fired, requested, forced } = dog.counters;
    return [fired, requested, forced, requests];
  }

  it("asks it", async () => assert.deepEqual(await pass({ gc: undefined }), [1, 1, 0, 1]));

  it("does not ask it where the program has its own way to collect", async () =>
    assert.deepEqual(await pass({}), [1, 0, 1, 0]));

  it("does not ask it in a dry run", async () =>
    assert.deepEqual(await pass({ gc: undefined, dryRun: true }), [1, 0, 0, 0]));
});

describe("a watchdog whose engine cannot be asked", () => {
  it("forces collections", { skip: isDeno && "Deno's engine can be asked" }, async () => {
    dog = cgroupDriven(bench.options({ policy: watermarks([0.5]), gc: undefined }));
    bench.live = 10 * MiB;
    await bench.advance(10);
    bench.garbage = 30 * MiB;
    await bench.advance(10);
    assert.deepEqual([dog.counters.requested, dog.counters.forced], [0, 1]);
  });
});

describe("a runtime that cannot be made to collect", () => {
  const { runInNewContext } = vm;

  afterEach(() => {
    vm.runInNewContext = runInNewContext;
  });

  it("is refused, with what to do, unless nothing is to be collected", { skip: isBun }, () => {
    vm.runInNewContext = () => undefined;
    assert.throws(() => cgroupDriven(bench.options({ gc: undefined })), {
      name: "NotSupportedError",
      message: "this runtime cannot be made to collect: start it with --expose-gc, or pass gc",
    });
    dog = cgroupDriven(bench.options({ gc: undefined, dryRun: true }));
    assert.equal(dog.state, "running");
  });
});

describe("a watchdog with a sampler of the caller's", () => {
  const { postMessage } = BroadcastChannel.prototype;

  afterEach(() => {
    BroadcastChannel.prototype.postMessage = postMessage;
  });

  it("does not coordinate with other isolates, because its figures may be of other memory", () => {
    let sent = 0;
    BroadcastChannel.prototype.postMessage = () => void sent++;
    dog = cgroupDriven(bench.options());
    dog.stop();
    assert.equal(sent, 0);
  });
});

describe("a start that fails", () => {
  it("does not end the process for a logger that rejects", async () => {
    bench.limit = Infinity;
    bench.missing = ["systemTotal"];
    const logger = { info: () => Promise.reject(new Error("mine")) };
    assert.throws(() => watchdog(bench.options({ logger })), { name: "NotSupportedError" });
    await settle();
    bench.missing = [];
    dog = systemDriven(bench.options());
    assert.equal(dog.state, "running");
  });
});
