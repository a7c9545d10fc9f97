import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { describe, it } from "node:test";
import { systemClock } from "../../platform/system_clock.ts";

describe("the system clock", () => {
  it("fires once after a blocked event loop, not once per interval missed", async () => {
    let ticks = 0;
    const stop = systemClock.every(5, () => ticks++, false);
    const end = performance.now() + 100;
    while (performance.now() < end);
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    // One tick for all that was missed, and at most one that fell due since.
    assert.ok(ticks <= 2, `${ticks} ticks in a burst`);
    stop();
  });

  it("looks setInterval up at the call", () => {
    const { setInterval, clearInterval } = globalThis;
    const calls: unknown[] = [];
    try {
      globalThis.setInterval = ((_: unknown, ms: number) =>
        calls.push(ms)) as unknown as typeof setInterval;
      globalThis.clearInterval = ((id: unknown) => calls.push(id)) as typeof clearInterval;
      systemClock.every(70, () => {}, true)();
    } finally {
      Object.assign(globalThis, { setInterval, clearInterval });
    }
    assert.deepEqual(calls, [70, 1]);
  });

  it("takes a setInterval that returns nothing", () => {
    const { setInterval, clearInterval } = globalThis;
    try {
      globalThis.setInterval = (() => undefined) as unknown as typeof setInterval;
      globalThis.clearInterval = () => {};
      systemClock.every(70, () => {}, true)();
    } finally {
      Object.assign(globalThis, { setInterval, clearInterval });
    }
  });

  it("unref lets the process exit while a watch runs", () => {
    const mod = new URL("../../mod.ts", import.meta.url).href;
    const program = `import { watch } from ${JSON.stringify(mod)};
      watch({ interval: 50, unref: true }, () => {});
      watch({ interval: 1e6, unref: true }, () => {});
      console.log("running");`;
    const args = "Deno" in globalThis
      ? ["eval", "--ext=ts", program]
      : "Bun" in globalThis
      ? ["-e", program]
      : ["--input-type=module-typescript", "-e", program];
    const { status, stdout, signal } = spawnSync(process.execPath, args, {
      encoding: "utf8",
      timeout: 60_000,
    });
    assert.deepEqual([status, signal, stdout.trim()], [0, null, "running"]);
  });
});
