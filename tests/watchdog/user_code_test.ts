// Hooks, loggers, policies, clocks and samplers of the user's: when they are
// called, and what becomes of what they throw or reject with.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { Clock } from "../../src/clock.ts";
import {
  cgroupDriven,
  type CommonWatchdogOptions,
  type GcPolicyLike,
  heapDriven,
  type Logger,
  systemDriven,
  type Watchdog,
  watchdog,
  watermarks,
} from "../../watchdog.ts";
import { CountingAbort, settle } from "../support/async.ts";
import { LIMIT, WatchdogBench } from "../support/watchdog_bench.ts";

let bench: WatchdogBench;
let dog: Watchdog | undefined;

beforeEach(() => {
  bench = new WatchdogBench();
});

afterEach(() => {
  dog?.stop();
  dog = undefined;
  assert.equal(bench.clock.running, 0, "a timer is left");
  cgroupDriven(new WatchdogBench().options()).stop(); // its place is free
});

function start(options: CommonWatchdogOptions = {}): Watchdog {
  return dog = cgroupDriven(bench.options({ policy: watermarks([0.5, 0.75]), ...options }));
}

/** Fails as an async function does. */
const rejecting = async (): Promise<void> => {
  await Promise.resolve();
  throw new Error("mine");
};

const throwing = (): never => {
  throw new Error("mine");
};

/** A thenable of another library: its `then` calls back at once. */
const foreign = () => ({
  then(_: unknown, reject: (reason: unknown) => void) {
    reject(new Error("mine"));
  },
});

const HOOKS = ["onFire", "beforeCollect", "afterCollect", "onIneffective"] as const;

describe("what user code throws or rejects with disables the watchdog, and does not end the process:", () => {
  for (const hook of HOOKS) {
    for (const [kind, fail] of Object.entries({ throwing, rejecting, foreign })) {
      it(`${hook}, ${kind}`, async () => {
        const reports: string[] = [];
        const handle = start({
          [hook]: fail,
          onDisable: ({ during }) => void reports.push(during),
        });
        bench.live = 0.8 * LIMIT;
        await bench.advance(50);
        assert.equal(handle.state, "disabled");
        assert.equal(handle.failure?.during, `calling ${hook}`);
        assert.equal(String(handle.failure.reason), "Error: mine");
        assert.deepEqual(reports, [`calling ${hook}`]);
        assert.equal(bench.clock.running, 0);
      });
    }
  }

  for (const level of ["debug", "info", "warn"] as const) {
    for (const [kind, fail] of Object.entries({ throwing, rejecting, foreign })) {
      if (level === "info" && fail === throwing) continue; // the start throws it
      it(`logger.${level}, ${kind}`, async () => {
        const handle = start({ logger: { [level]: fail } });
        bench.live = 0.8 * LIMIT;
        await bench.advance(50);
        assert.equal(handle.state, "disabled");
        assert.equal(handle.failure?.during, `calling logger.${level}`);
      });
    }
  }

  it("gc", async () => {
    const handle = start({ gc: rejecting });
    bench.live = 0.8 * LIMIT;
    await bench.advance(50);
    assert.equal(handle.failure?.during, "collecting");
  });

  for (const reporter of ["onDisable", "logger.error"] as const) {
    it(`${reporter}, into failure, with what it was to report`, async () => {
      const first = new Error("first");
      const handle = start({
        gc: () => {
          throw first;
        },
        ...(reporter === "onDisable" ? { onDisable: rejecting } : { logger: { error: rejecting } }),
      });
      bench.live = 0.8 * LIMIT;
      await bench.advance(50);
      assert.equal(handle.state, "disabled");
      assert.equal(handle.failure?.during, `calling ${reporter}`);
      const { errors } = handle.failure.reason as AggregateError;
      assert.equal(errors[0], first);
      assert.equal(String(errors[1]), "Error: mine");
    });
  }

  it("a hook that rejects after the stop, into failure", async () => {
    let fail!: (reason: unknown) => void;
    const handle = start({ onFire: () => new Promise((_, reject) => fail = reject) });
    bench.garbage = 0.8 * LIMIT;
    await bench.advance(10);
    handle.stop();
    fail("late");
    await settle();
    assert.deepEqual([handle.state, handle.failure], [
      "stopped",
      { during: "calling onFire", reason: "late" },
    ]);
  });

  it("a throwing logger.error does not keep onDisable from being told", async () => {
    let told = 0;
    const handle = start({
      onFire: () => {
        throw Symbol("no string");
      },
      logger: {
        error() {
          throw new Error("second");
        },
      },
      onDisable: () => told++,
    });
    bench.garbage = LIMIT;
    await bench.advance(10);
    assert.equal(told, 1);
    assert.equal(handle.failure?.during, "calling logger.error");
  });

  it("a policy that returns a promise is refused, and its rejection is handled", async () => {
    for (const policy of [rejecting, { evaluate: rejecting }]) {
      const handle = start({ policy: policy as unknown as GcPolicyLike });
      await settle();
      assert.equal(handle.state, "disabled");
      assert.equal(handle.failure?.during, "evaluating the policy");
      assert.match(String(handle.failure.reason), /^TypeError: a policy must be synchronous/);
    }
  });

  it("a sampler that rejects, also at the start", async () => {
    const sampler = bench.samplerWith(() => Promise.reject(new Error("mine")));
    dog = systemDriven(bench.options({ sampler }));
    await settle();
    assert.equal(dog.failure?.during, "reading the usage");
  });
});

describe("hooks", () => {
  it("are not called before the watchdog was returned, but in the next microtask", async () => {
    for (const hook of HOOKS) {
      bench.live = 0.9 * LIMIT;
      let called = 0;
      const handle: Watchdog = start({
        [hook]: () => {
          called++;
          handle.stop(); // a ReferenceError if it came too early
        },
      });
      assert.equal(called, 0);
      await Promise.resolve();
      assert.equal(called, 1, hook);
      assert.equal(handle.state, "stopped");
      assert.equal(handle.failure, undefined);
    }
  });

  it("onDisable is called after the start for a policy that fails in it, and can start another", async () => {
    let next: Watchdog | undefined;
    const first: Watchdog = start({
      policy: () => {
        throw new Error("mine");
      },
      onDisable: () => {
        assert.equal(first.state, "disabled");
        next = cgroupDriven(bench.options());
      },
    });
    assert.equal(first.state, "running");
    await settle();
    assert.equal(next?.state, "running");
    first.stop(); // must not free the place of the other
    assert.throws(() => start(), { name: "AlreadyStartedError" });
    next.stop();
    assert.equal(first.state, "stopped");
  });

  for (const how of ["stop", Symbol.dispose, Symbol.asyncDispose, "abort"] as const) {
    for (const hook of [...HOOKS, "onDisable"] as const) {
      it(`${hook} can end it by ${String(how)}`, async () => {
        const stop = new CountingAbort();
        const calls: string[] = [];
        const end = () => how === "abort" ? stop.abort() : handle[how]();
        const options: CommonWatchdogOptions = { signal: stop.signal, gc: () => bench.collect() };
        for (const name of HOOKS) options[name] = () => void calls.push(name);
        if (hook === "onDisable") {
          options.policy = ({ used }) => {
            if (used > 0) throw new Error("mine");
            return { next: 1 };
          };
        }
        options[hook] = () => {
          calls.push(hook);
          return end();
        };
        const handle: Watchdog = start(options);
        bench.live = 0.8 * LIMIT;
        bench.limit--; // so that the policy is asked again
        await bench.advance(50);
        // A disabled watchdog holds nothing, its signal included.
        const disabled = hook === "onDisable" && how === "abort";
        assert.equal(handle.state, disabled ? "disabled" : "stopped");
        assert.equal(calls.at(-1), hook);
        assert.equal(stop.listeners, 0);
        if (hook === "onFire" || hook === "beforeCollect") assert.equal(bench.collections, 0);
      });
    }
  }
});

describe("a start that fails leaves nothing taken, when", () => {
  const failing = (action: () => unknown): Partial<CommonWatchdogOptions> => {
    const logger: Logger = { info: action };
    return { logger };
  };
  const mine = new Error("mine");
  const fail = () => {
    throw mine;
  };

  for (
    const [way, begin] of Object.entries({
      cgroupDriven: (options: CommonWatchdogOptions) => cgroupDriven(options),
      systemDriven: (options: CommonWatchdogOptions) => systemDriven(options),
      watchdog: (options: CommonWatchdogOptions) => watchdog(options),
      heapDriven: (options: CommonWatchdogOptions) => heapDriven({ ...options, limit: LIMIT }),
    })
  ) {
    it(`the logger throws in ${way}`, async () => {
      bench.live = 0.9 * LIMIT;
      const { signal, ...abort } = countingSignal();
      assert.throws(
        () => begin(bench.options({ ...failing(fail), signal })),
        (error) => error === mine,
      );
      assert.equal(abort.listeners(), 0);
      await bench.advance(100);
      assert.equal(bench.collections, 0);
    });
  }

  it("the logger throws before the watchdog falls back to the host", () => {
    bench.limit = Infinity;
    assert.throws(() => watchdog(bench.options(failing(fail))), (error) => error === mine);
  });

  it("the clock throws", async () => {
    const clock: Clock = { now: () => 0, every: fail };
    const { signal, ...abort } = countingSignal();
    assert.throws(() => start({ clock, signal }), (error) => error === mine);
    assert.equal(abort.listeners(), 0);
    await settle();
  });

  it("the sampler throws", () => {
    bench.failure = mine;
    assert.throws(() => start(), (error) => error === mine);
  });

  it("a logger starts another watchdog", async () => {
    const names: string[] = [];
    start({
      logger: {
        info() {
          try {
            cgroupDriven(bench.options());
          } catch (error) {
            names.push((error as Error).name);
          }
        },
      },
    });
    await settle();
    assert.deepEqual(names, ["AlreadyStartedError"]);
  });

  it("the logger rejects: the watchdog is disabled, not the process ended", async () => {
    bench.limit = Infinity;
    dog = watchdog(bench.options({ logger: { info: rejecting } }));
    await settle();
    assert.equal(dog.state, "disabled");
  });
});

describe("a clock that throws when it is stopped", () => {
  it("is recorded, and everything else is released", async () => {
    const clock: Clock = {
      now: () => 0,
      every: (interval, tick, unref) => {
        const stop = bench.clock.every(interval, tick, unref);
        return () => {
          stop();
          throw new Error("mine");
        };
      },
    };
    const handle = start({ clock });
    await settle();
    handle.stop();
    await handle[Symbol.asyncDispose]();
    assert.deepEqual([handle.state, handle.failure?.during], ["stopped", "stopping the clock"]);
  });
});

describe("a signal", () => {
  it("that is aborted already gives a stopped watchdog that has done nothing", async () => {
    bench.live = 0.9 * LIMIT;
    const options = bench.options({ signal: AbortSignal.abort() });
    const handles = [
      cgroupDriven(options),
      systemDriven(options),
      heapDriven({ ...options, limit: LIMIT }),
      watchdog(options),
    ];
    await bench.advance(400);
    for (const handle of handles) {
      assert.equal(handle.state, "stopped");
      assert.equal(handle.counters.forced, 0);
      handle.stop();
      handle[Symbol.dispose]();
      await handle[Symbol.asyncDispose]();
    }
    assert.deepEqual([bench.collections, bench.log.length, bench.sampler.samples], [0, 0, 0]);
    assert.deepEqual(handles.map(({ scope }) => scope), ["cgroup", "system", "heap", "cgroup"]);
    assert.throws(() => heapDriven({ ...options, limit: 0 }), RangeError, "options are checked");
  });

  for (const by of ["logger", "policy", "sampler"] as const) {
    it(`that the ${by} aborts during the start stops the watchdog`, async () => {
      bench.live = 0.9 * LIMIT;
      const stop = new CountingAbort();
      const abort = () => stop.abort();
      const handle = start({
        signal: stop.signal,
        ...(by === "logger" && { logger: { info: abort } }),
        ...(by === "policy" && {
          policy: ({ used }) => {
            abort();
            return { next: used, immediate: true };
          },
        }),
        ...(by === "sampler" && {
          sampler: bench.samplerWith(() => {
            abort();
            return bench.sampler.sample();
          }),
        }),
      });
      assert.equal(handle.state, "stopped");
      assert.equal(stop.listeners, 0);
      await bench.advance(50);
      assert.equal(bench.collections, 0);
    });
  }
});

describe("two copies of the module", () => {
  it("know of each other", async () => {
    const { Place }: typeof import("../../src/watchdog/place.ts") = await import(
      `../../src/watchdog/place.ts?copy=${Math.random()}`
    );
    const place = new Place();
    start();
    assert.throws(() => place.take(), { name: "AlreadyStartedError" });
    place.leave(); // it has nothing to leave
    assert.throws(() => start(), { name: "AlreadyStartedError" });
    dog!.stop();
    place.take();
    assert.throws(() => start(), { name: "AlreadyStartedError" });
    place.leave();
    start();
  });
});

function countingSignal(): { signal: AbortSignal; listeners: () => number } {
  const stop = new CountingAbort();
  return { signal: stop.signal, listeners: () => stop.listeners };
}
