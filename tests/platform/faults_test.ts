// What happens to a watch when the world around it breaks.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import process from "node:process";
import { describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { findForceGc } from "../../platform/force_gc.ts";
import { MiB } from "../../src/bytes.ts";
import type { MemInfoJson } from "../../src/mem_info.ts";
import { sample } from "../../src/sample.ts";
import { watch } from "../../src/watch.ts";
import { forcedOptions } from "../support/adapter.ts";
import { CountingAbort, follow, settle } from "../support/async.ts";
import { outputOf, startProgram } from "../support/own_runtime.ts";
import { openDescriptors } from "../support/temp.ts";

const linux = process.platform === "linux" ? false : "needs Linux";

describe("a watch lives on", () => {
  it(
    "when no file descriptor is left, and reads again once there is",
    { skip: linux },
    async () => {
      const output = await outputOf(startProgram("starved", [], "ulimit -n 60"));
      const { seen, reason } = JSON.parse(output);
      assert.deepEqual(seen, [false, true]);
      assert.match(reason, /no file descriptor left to open \/proc\/meminfo: raise the limit/);
    },
  );

  it("when the process is frozen and continued, without a burst", { skip: linux }, async () => {
    const child = startProgram("frozen");
    const output = outputOf(child);
    const lines: number[] = [];
    child.stdout!.on("data", (chunk) => {
      for (const _ of String(chunk).matchAll(/sample/g)) lines.push(performance.now());
    });
    const reached = async (count: number) => {
      while (lines.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await reached(3);
    // Not child.kill(): Deno takes that for the child's end.
    execFileSync("kill", ["-STOP", String(child.pid)]);
    await new Promise((resolve) => setTimeout(resolve, 400)); // 20 intervals pass
    const before = lines.length;
    execFileSync("kill", ["-CONT", String(child.pid)]);
    await reached(before + 4);
    child.stdin!.end();
    const text = await output;
    assert.match(text, /ended$/);
    assert.doesNotMatch(text, /false/);
    // Every sample has its own number: 20 missed ticks are not made up for.
    assert.ok(lines.length < before + 20, `${lines.length - before} samples after it went on`);
  });

  it("in a worker thread", async () => {
    const worker = new Worker(new URL("../support/programs/worker.ts", import.meta.url));
    const messages: (MemInfoJson | "done")[] = [];
    await new Promise<void>((resolve, reject) => {
      worker.on("message", (message) => {
        messages.push(message);
        if (message === "done") resolve();
      });
      worker.on("error", reject);
    });
    await worker.terminate();
    assert.equal(messages.length, 4);
    for (const message of messages.slice(0, 3)) {
      assert.ok((message as MemInfoJson).processRss! > 1_000_000);
    }
  });

  it("when the clock is set back", async () => {
    const now = Date.now;
    const stop = new AbortController();
    const times: number[] = [];
    try {
      await watch({ interval: 1, signal: stop.signal, ...forcedOptions }, (info) => {
        times.push(info.at);
        if (times.length === 2) Date.now = () => now() - 86_400_000;
        if (times.length === 4) stop.abort();
      });
    } finally {
      Date.now = now;
    }
    assert.equal(times.length, 4);
    assert.ok(times[3]! < times[0]!, "`at` follows the clock, the ticks do not");
  });
});

describe("a watch leaves nothing", () => {
  it("to an abort while a callback never ends, but the callback", async () => {
    await sample(forcedOptions);
    const before = openDescriptors();
    const abort = new CountingAbort();
    const never = Promise.withResolvers<void>();
    let calls = 0;
    const outcome = follow(
      watch({ interval: 1, immediate: true, signal: abort.signal, ...forcedOptions }, () => {
        calls++;
        return never.promise;
      }),
    );
    abort.abort();
    await settle();
    assert.equal(abort.listeners, 0);
    assert.equal(openDescriptors(), before, "files are held open for a callback that never ends");
    assert.equal(outcome.state, "pending");
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(calls, 1, "a timer is left");
    never.resolve();
    await settle();
    assert.equal(outcome.state, "resolved");
  });

  it("after 10,000 starts and stops: no file, timer, listener or heap", async () => {
    const abort = new CountingAbort();
    const collect = findForceGc()!;
    const round = async (count: number) => {
      for (let i = 0; i < count; i++) {
        const stop = new AbortController();
        const watching = watch(
          { interval: 60_000, signal: stop.signal, ...forcedOptions },
          () => {},
        );
        stop.abort();
        await watching;
      }
    };
    await round(500);
    collect();
    const descriptors = openDescriptors();
    const heap = (await sample({ adapter: "runtime" })).heapUsed!;
    await round(10_000);
    await new Promise((resolve) => setTimeout(resolve, 0));
    collect();
    assert.equal(openDescriptors(), descriptors);
    assert.equal(abort.listeners, 0);
    const growth = (await sample({ adapter: "runtime" })).heapUsed! - heap;
    assert.ok(growth < 4 * MiB, `the heap grew by ${growth} bytes`);
    if ("getActiveResourcesInfo" in process && !("Bun" in globalThis)) {
      const timers = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
      assert.ok(timers < 10, `${timers} timers are left`);
    }
  });

  it("from 1,000 watches at once that sample for real", async () => {
    await sample(forcedOptions);
    const before = openDescriptors();
    const stop = new AbortController();
    let calls = 0;
    const all = Array.from(
      { length: 1_000 },
      () =>
        watch({ interval: 10, signal: stop.signal, ...forcedOptions }, () => {
          if (++calls === 3_000) stop.abort();
        }),
    );
    const during = openDescriptors();
    await Promise.all(all);
    assert.equal(calls, 3_000);
    if (before !== undefined) assert.ok(during! - before <= 20, `${during! - before} descriptors`);
    assert.equal(openDescriptors(), before);
  });

  it("of a worker that is terminated in the middle of it", { skip: linux }, async () => {
    const { workers, left } = JSON.parse(await outputOf(startProgram("terminated_worker")));
    // Deno keeps a few of its own, less than one for each worker.
    assert.ok(left < workers, `${left} file descriptors are left of ${workers} workers`);
  });
});

it("the file descriptors of this test are counted", { skip: linux }, () => {
  const before = openDescriptors()!;
  const fd = fs.openSync("/dev/null", "r");
  assert.equal(openDescriptors(), before + 1);
  fs.closeSync(fd);
});
