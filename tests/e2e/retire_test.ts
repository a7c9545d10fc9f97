// Two processes behind a balancer that never sends a request twice. Each retires
// while clients send requests.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findRuntimes } from "../support/runtimes.ts";
import { retiring, type RetiringMode } from "./retiring.ts";

describe("two processes behind a balancer", () => {
  for (const runtime of findRuntimes()) {
    const run = (mode: RetiringMode) =>
      retiring({
        runtime,
        mode,
        kind: "own",
        ends: 1,
        requests: 200,
        keeps: 0,
        options: { grace: 700, interval: 50 },
        timeout: 60_000,
      });

    it(`lose no request in ${runtime.name} while each retires, and many without`, async () => {
      const bare = await run("bare");
      const { 200: _, ...lost } = bare.answers;
      assert.ok(lost.ECONNRESET! > 0, JSON.stringify(bare));

      const retired = await run("retire");
      assert.deepEqual(Object.keys(retired.answers), ["200"], JSON.stringify(retired));
      assert.deepEqual(retired.ends, [[75], [75]]);
      assert.equal(retired.overlaps, 0);
    });
  }
});
