import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { type Job, runJobs, sum } from "./support/jobs.ts";

/** Prints a text in the form of a runtime's closing counts, and ends with a status. */
const saying = (text: string, status = 0) => [
  "sh",
  "-c",
  `printf '%s\\n' "$1"; exit ${status}`,
  "sh",
  text,
];

async function outcome(job: Omit<Job, "name">) {
  const printed: string[] = [];
  const counts = await runJobs([{ name: "mine", ...job }], 2, (text) => printed.push(text));
  assert.equal(printed.length, 1);
  return { ...sum(counts), printed: printed[0]! };
}

describe("a job of the test command", { skip: process.platform === "win32" }, () => {
  it("counts the tests of a suite, and prints nothing else of one that passes", async () => {
    const { printed, ...counts } = await outcome({
      kind: "suite",
      command: saying("noise\nℹ pass 12\nℹ fail 0\nℹ skipped 2"),
    });
    assert.deepEqual(counts, { passed: 12, failed: 0, skipped: 2 });
    assert.match(printed, /^ok {2}mine: 12 passed, 0 failed, 2 skipped \(\d+ s\)$/);
  });

  it("has failed if a suite ran no test", async () => {
    for (const text of ["", "ℹ pass 0\nℹ fail 0\nℹ skipped 3"]) {
      const { failed, printed } = await outcome({ kind: "suite", command: saying(text) });
      assert.equal(failed, 1);
      assert.match(printed, /FAILED {2}mine: 0 passed, 1 failed/);
    }
  });

  it("may skip all tests of a suite that says so, and prints why", async () => {
    const { failed, printed } = await outcome({
      kind: "suite",
      command: saying("SKIPPED, mine: no root\nℹ pass 0\nℹ fail 0\nℹ skipped 3"),
      maySkip: true,
    });
    assert.equal(failed, 0);
    assert.match(printed, /^SKIPPED, mine: no root\nok {2}mine/);
  });

  it("has failed if its program fails or cannot be started, and prints its output", async () => {
    for (const kind of ["check", "suite"] as const) {
      const { failed, printed } = await outcome({ kind, command: saying("ℹ pass 3", 1) });
      assert.equal(failed, 1, kind);
      assert.match(printed, /^ℹ pass 3\n/);
      const missing = await outcome({ kind, command: ["/nonexistent"] });
      assert.deepEqual([missing.passed, missing.failed], [0, 1], kind);
    }
    assert.equal((await outcome({ kind: "check", command: saying("") })).passed, 1);
  });
});
