// What a watchdog is started with: how this runtime collects, and whether it
// coordinates with other isolates.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import vm from "node:vm";
import { BroadcastChannel } from "node:worker_threads";
import { openIsolateChannel } from "../../platform/isolate_channel.ts";
import { MiB } from "../../src/bytes.ts";
import {
  cgroupDriven,
  type CommonWatchdogOptions,
  heapDriven,
  systemDriven,
  type Watchdog,
  watchdog,
  watermarks,
} from "../../watchdog.ts";
import { withTempFolder } from "../support/temp.ts";
import { LIMIT, WatchdogBench } from "../support/watchdog_bench.ts";

let bench: WatchdogBench;
let dog: Watchdog | undefined;

beforeEach(() => {
  bench = new WatchdogBench();
});

afterEach(() => {
  dog?.stop();
  dog = undefined;
});

/** Lets the tasks run that are due. */
const task = () => new Promise((resolve) => setTimeout(resolve, 0));

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

  it("does not coordinate with other isolates, because its figures may be of other memory", async () => {
    const sent: unknown[] = [];
    BroadcastChannel.prototype.postMessage = (message: unknown) => void sent.push(message);
    dog = cgroupDriven(bench.options());
    // A channel may hold its first messages back for a while; this one is opened later.
    const fence = openIsolateChannel("fence", () => {});
    fence.post("fence");
    for (let i = 0; i < 20_000 && sent.length === 0; i++) await task();
    fence.close();
    assert.deepEqual(sent, ["fence"]);
  });
});

describe("a start that fails", () => {
  it("does not end the process for a logger that rejects", async () => {
    bench.limit = Infinity;
    bench.missing = ["systemTotal"];
    const logger = { info: () => Promise.reject(new Error("mine")) };
    assert.throws(() => watchdog(bench.options({ logger })), { name: "NotSupportedError" });
    await task(); // a rejection that nobody handles would end the process now
    bench.missing = [];
    dog = systemDriven(bench.options());
    assert.equal(dog.state, "running");
  });
});

const ways: [string, (options: CommonWatchdogOptions) => Watchdog][] = [
  ["cgroupDriven", (options) => cgroupDriven(options)],
  ["systemDriven", (options) => systemDriven(options)],
  ["heapDriven", (options) => heapDriven({ ...options, limit: LIMIT, growth: false })],
  ["watchdog with a heap limit", (options) => watchdog({ ...options, heapLimit: LIMIT })],
  ["watchdog without one", (options) => watchdog(options)],
];

describe("each way to watch", () => {
  for (const [title, begin] of ways) {
    it(`has a share of the limit at which it takes heap snapshots: ${title}`, () =>
      withTempFolder((directory) => {
        dog = begin(bench.options({ heapSnapshots: { directory } }));
        assert.deepEqual(bench.log.filter((line) => line.startsWith("warn")), []);
      }));
  }

  it("takes a limit before anything is known of the host", async () => {
    const sampler = bench.samplerWith(() => Promise.resolve(bench.sampler.sample()));
    dog = systemDriven({ ...bench.options({ sampler }), limit: LIMIT });
    await bench.advance(20);
    assert.equal(dog.limit, LIMIT);
    dog.stop();
    dog = heapDriven({ ...bench.options({ sampler }), limit: LIMIT, growth: false });
    await bench.advance(20);
    assert.equal(dog.limit, LIMIT);
  });

  it("checks its limit even if it is not to start", () => {
    const options = bench.options({ signal: AbortSignal.abort() });
    assert.throws(() => systemDriven({ ...options, limit: 0 }), { name: "RangeError" });
    assert.throws(() => heapDriven({ ...options, limit: 0 }), { name: "RangeError" });
    assert.throws(() => watchdog({ ...options, heapLimit: 0 }), { name: "RangeError" });
  });
});

describe("watchdog()", () => {
  it("refuses what are no options", () =>
    assert.throws(() => watchdog(5 as never), {
      name: "TypeError",
      message: /^'options' must be an object/,
    }));

  it("falls back to the host without a logger, too", () => {
    bench.limit = Infinity;
    dog = watchdog(bench.options({ logger: undefined }));
    assert.equal(dog.scope, "system");
  });

  it("falls back for the lack of a limit only, not for an error", () => {
    const mine = new Error("mine");
    bench.missing = ["cgroupLimit"];
    const sampler = bench.samplerWith(() => bench.sampler.sample());
    Object.defineProperty(sampler, "signals", {
      get() {
        throw mine;
      },
    });
    assert.throws(() => watchdog(bench.options({ sampler })), (error) => error === mine);
  });
});

describe("a copy of another version that runs a watchdog", () => {
  const isolate = globalThis as { [name: symbol]: unknown };
  const name = Symbol.for("@x/memctl/watchdog");

  it("is known by a name that all versions share", () => {
    isolate[name] = "taken";
    try {
      assert.throws(() => cgroupDriven(bench.options()), { name: "AlreadyStartedError" });
      assert.equal(isolate[name], "taken");
    } finally {
      delete isolate[name];
    }
  });
});
