import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { outputOf, startProgram } from "./support/own_runtime.ts";

const WAYS = [
  "the interval function aborts at entry",
  "the interval function aborts at entry, with immediate",
  "the interval function aborts later",
  "the interval function aborts at entry of samples()",
  "the interval function throws at entry",
  "the interval function throws at entry, and onPanic aborts",
  "an abort while an event is held",
];

describe("a process whose watch has ended exits by itself", () => {
  it("in each way that the program knows", async () => {
    assert.deepEqual(JSON.parse(await outputOf(startProgram("ends_by_itself"))), WAYS);
  });

  for (const way of WAYS) {
    it(`after: ${way}`, async () => {
      const child = startProgram("ends_by_itself", [way]);
      // Kills a process that would never exit; one that exits is never so slow.
      const hung = setTimeout(() => child.kill("SIGKILL"), 30_000);
      try {
        assert.equal(await outputOf(child), "settled");
      } finally {
        clearTimeout(hung);
      }
    });
  }
});
