// The exact words in which a watchdog reports: they are what a program's log
// shows when memory runs out.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { MiB } from "../../src/bytes.ts";
import type { MemInfoInit } from "../../src/mem_info.ts";
import type { Sampler } from "../../src/sampler.ts";
import {
  cgroupDriven,
  heapDriven,
  systemDriven,
  type Watchdog,
  watchdog,
  watermarks,
} from "../../watchdog.ts";
import { LIMIT, TOTAL, WatchdogBench } from "../support/watchdog_bench.ts";

let bench: WatchdogBench;
let dog: Watchdog | undefined;

beforeEach(() => {
  bench = new WatchdogBench();
});

afterEach(() => {
  dog?.stop();
  dog = undefined;
});

const policy = watermarks([0.5]);
/** The bench's memory from a sampler that needs time. */
const slow = () => bench.samplerWith(() => Promise.resolve(bench.sampler.sample()));
const info = () => bench.log.filter((line) => line.startsWith("info: "));

describe("at the start, a watchdog logs what it follows:", () => {
  it("the container", () => {
    dog = cgroupDriven(bench.options());
    assert.deepEqual(info(), [`info: watchdog: follows the cgroup, limit ${LIMIT} bytes`]);
  });

  it("the host", () => {
    dog = systemDriven(bench.options());
    assert.deepEqual(info(), [`info: watchdog: follows the system, limit ${TOTAL} bytes`]);
  });

  it("the heap", () => {
    dog = heapDriven({ ...bench.options(), limit: LIMIT, growth: false });
    assert.deepEqual(info(), [`info: watchdog: follows the heap, limit ${LIMIT} bytes`]);
  });

  it("the host, after why it does not follow the container", () => {
    bench.limit = Infinity;
    dog = watchdog(bench.options());
    assert.deepEqual(info(), [
      "info: watchdog: cgroupDriven needs a cgroup limit, and none is set (scenario); " +
      "systemDriven or heapDriven would work",
      `info: watchdog: follows the system, limit ${TOTAL} bytes`,
    ]);
  });

  it("a limit that is not known yet", () => {
    dog = systemDriven(bench.options({ sampler: slow() }));
    assert.deepEqual(info(), ["info: watchdog: follows the system, limit not known yet"]);
  });
});

describe("at a collection, a watchdog logs", () => {
  it("the usage that made it collect, then what that freed, in how long", async () => {
    bench.pause = 3;
    dog = cgroupDriven(bench.options({ policy }));
    bench.garbage = 40 * MiB;
    await bench.advance(10);
    assert.deepEqual(bench.log.slice(1), [
      `debug: watchdog: cgroup at ${40 * MiB} of ${LIMIT} bytes`,
      `debug: watchdog: a collection freed ${40 * MiB} bytes in 3.0 ms`,
    ]);
  });

  it("a warning where it freed next to nothing, and when the next one may be", async () => {
    bench.pause = 20.05;
    dog = cgroupDriven(bench.options({ policy }));
    bench.live = 30 * MiB;
    bench.elsewhere = 10 * MiB;
    await bench.advance(10);
    assert.equal(
      bench.log.at(-1),
      `warn: watchdog: collecting this isolate's garbage did not help: 0 bytes freed, ` +
        `${40 * MiB} of ${LIMIT} bytes in use (cgroup), of which this isolate's heap has ` +
        `${30 * MiB}. The rest is live, or belongs to other isolates or processes. ` +
        "Next forced collection in 181 ms at the earliest",
    );
  });

  it("that warning without the heap's figure where that is unknown", async () => {
    bench.missing = ["heapUsed"];
    dog = cgroupDriven(bench.options({ policy }));
    bench.live = 40 * MiB;
    await bench.advance(10);
    assert.match(bench.log.at(-1)!, /this isolate's heap has an unknown number of\. The rest is/);
  });

  it("nothing of a collection in a dry run", async () => {
    dog = cgroupDriven(bench.options({ policy, dryRun: true }));
    bench.garbage = 40 * MiB;
    await bench.advance(10);
    assert.deepEqual(bench.log.slice(1), [
      `debug: watchdog: cgroup at ${40 * MiB} of ${LIMIT} bytes`,
    ]);
  });
});

describe("a logger", () => {
  it("may lose a method while the watchdog runs", async () => {
    const logger = { debug: (message: string) => void bench.log.push(message) };
    dog = cgroupDriven(bench.options({ policy, logger }));
    delete (logger as Partial<typeof logger>).debug;
    bench.garbage = 40 * MiB;
    await bench.advance(10);
    assert.deepEqual([dog.state, bench.collections, bench.log], ["running", 1, []]);
  });
});

describe("when it gives up, a watchdog logs", () => {
  it("what it was doing and what was thrown", async () => {
    dog = cgroupDriven(bench.options({
      policy,
      onFire() {
        throw new Error("mine");
      },
    }));
    bench.garbage = LIMIT;
    await bench.advance(10);
    assert.equal(
      bench.log.at(-1),
      "error: watchdog: disabled while calling onFire: Error: mine",
    );
  });

  it("that what was thrown cannot be shown, if so", async () => {
    dog = cgroupDriven(bench.options({
      policy,
      onFire() {
        throw Object.create(null);
      },
    }));
    bench.garbage = LIMIT;
    await bench.advance(10);
    assert.equal(
      bench.log.at(-1),
      "error: watchdog: disabled while calling onFire: an object that cannot be shown",
    );
  });
});

describe("a way to watch that cannot work names what is missing:", () => {
  const refuses = (start: () => Watchdog, message: string) =>
    assert.throws(() => dog = start(), { name: "NotSupportedError", message });

  it("a container, to a sampler that has no snapshot at once", () =>
    refuses(
      () => cgroupDriven(bench.options({ sampler: slow() })),
      "cgroupDriven needs a cgroup, and this platform has none",
    ));

  it("a limit of the container", () => {
    bench.limit = Infinity;
    refuses(
      () => cgroupDriven(bench.options()),
      "cgroupDriven needs a cgroup limit, and none is set (scenario); " +
        "systemDriven or heapDriven would work",
    );
  });

  const ways: [string, keyof MemInfoInit & keyof Sampler["signals"], () => Watchdog][] = [
    ["cgroupDriven", "cgroupLimit", () => cgroupDriven(bench.options())],
    ["cgroupDriven", "cgroupCurrent", () => cgroupDriven(bench.options())],
    ["systemDriven", "systemTotal", () => systemDriven(bench.options())],
    ["systemDriven", "systemAvailable", () => systemDriven(bench.options())],
    ["heapDriven", "heapUsed", () => heapDriven({ ...bench.options(), limit: 1 })],
  ];
  for (const [way, name, start] of ways) {
    it(`${name}, with the sampler's reason, in ${way}`, () => {
      bench.missing = [name];
      refuses(start, `${way} needs ${name}: no step of the scenario has it`);
    });
  }

  it("the source of a signal that has no reason", () => {
    bench.missing = ["cgroupLimit"];
    const { signals } = bench.sampler;
    const sampler: Sampler = {
      adapter: "linux",
      sample: () => bench.sampler.sample(),
      signals: { ...signals, cgroupLimit: { available: true, source: "memory.max" } },
      close() {},
      [Symbol.dispose]() {},
    };
    refuses(
      () => cgroupDriven(bench.options({ sampler })),
      "cgroupDriven needs cgroupLimit: memory.max cannot be read",
    );
  });
});

describe("a second watchdog in the same isolate", () => {
  it("is refused, with what to do", () => {
    dog = cgroupDriven(bench.options());
    assert.throws(() => cgroupDriven(bench.options()), {
      name: "AlreadyStartedError",
      message: "a watchdog is already running in this isolate: stop it first",
    });
  });
});

describe("a watchdog that was aborted before its start", () => {
  it("has no limit, no failure and counted nothing", () => {
    dog = cgroupDriven(bench.options({ signal: AbortSignal.abort() }));
    assert.deepEqual([dog.limit, dog.steers, dog.failure], [undefined, false, undefined]);
    assert.deepEqual(dog.counters, {
      fired: 0,
      requested: 0,
      forced: 0,
      seen: 0,
      ineffective: 0,
      held: 0,
      waited: 0,
      bytesFreed: 0,
      timeSpent: 0,
      snapshots: 0,
      snapshotsSkipped: 0,
      evidence: 0,
      evidenceFailed: 0,
      returns: 0,
      bytesReturned: 0,
    });
    assert.notEqual(dog.counters, dog.counters, "a copy");
  });
});
