// Programs with a recorder that end in real ways, in the runtime of this test.
// `deno task bench:recorder` does the same many times in each runtime.

import assert from "node:assert/strict";
import path from "node:path";
import { describe, it } from "node:test";
import { readRecord, type RunEnd } from "../../recorder.ts";
import { endProgram } from "../support/end_program.ts";
import { startProgram } from "../support/own_runtime.ts";
import { withTempFolder } from "../support/temp.ts";

/** Runs the program to its end: what its record says of that. */
async function endOf(file: string, how: string): Promise<RunEnd> {
  const child = startProgram("recorded", [file, "20", how], "exec 2>/dev/null");
  child.stdout!.resume();
  await new Promise((resolve) => child.once("close", resolve));
  return readRecord(file).latest.end;
}

describe("the record of a program", () => {
  for (
    const [how, kind, code, error] of [
      ["exit", "clean", 0, undefined],
      ["natural", "clean", undefined, undefined],
      ["code", "exit", 3, undefined],
      [
        "throw",
        "exception",
        "Deno" in globalThis ? undefined : 1,
        "TypeError: nobody catches this",
      ],
    ] as const
  ) {
    it(`says how it ended (${how})`, () =>
      withTempFolder(async (folder) => {
        const end = await endOf(path.join(folder, "x.rec"), how);
        assert.deepEqual([end.kind, end.code, end.error], [kind, code, error], end.reason);
        assert.equal(end.inferred, false);
      }));
  }

  it("can be read after each SIGKILL in the middle of its writes", () =>
    withTempFolder(async (folder) => {
      const file = path.join(folder, "x.rec");
      const kills = 3;
      for (let run = 1; run <= kills; run++) {
        const child = startProgram("recorded", [file, "1", "busy"]);
        await new Promise<void>((resolve) => child.stdout!.once("data", () => resolve()));
        // It writes without a pause from 60 ms on.
        await new Promise((resolve) => setTimeout(resolve, 70 + 7 * run));
        await endProgram(child);
        const { latest, damaged } = readRecord(file);
        assert.equal(latest.run, run);
        assert.ok(latest.samples.length > 0);
        assert.ok(damaged <= run, `${damaged} records are damaged`);
        assert.equal(latest.end.kind, "unknown", latest.end.reason);
      }
    }));
});
