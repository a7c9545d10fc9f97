// Real processes that retire.

import assert from "node:assert/strict";
import { type ChildProcess, spawnSync } from "node:child_process";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { startProgram } from "../support/own_runtime.ts";

/** How a program ended, and what it printed. */
function ended(child: ChildProcess): Promise<{ code: number | string; output: string }> {
  let output = "";
  child.stdout!.on("data", (chunk) => output += chunk);
  return new Promise((resolve) =>
    child.once("close", (code, signal) => resolve({ code: code ?? signal!, output }))
  );
}

/** Resolves when the program has printed "up" so often. */
function printsUp(child: ChildProcess, times = 1): Promise<void> {
  return new Promise((resolve) => {
    child.stdout!.on("data", (chunk) => {
      times -= `${chunk}`.split("up").length - 1;
      if (times <= 0) resolve();
    });
  });
}

describe("a process that retires", () => {
  it("ends with exitCode after what was to be closed", async () => {
    assert.deepEqual(await ended(startProgram("retires", ["begin"])), {
      code: 9,
      output: "closed\n",
    });
  });

  it("ends with 75 by default, because of memory", async () => {
    const { code, output } = await ended(startProgram("retires", ["memory"]));
    assert.deepEqual([code, output], [75, "level\nclosed\n"]);
  });

  it("ends with 0 because of SIGTERM", async () => {
    const child = startProgram("retires", ["signal"]);
    const end = ended(child);
    await printsUp(child);
    process.kill(child.pid!, "SIGTERM"); // Deno takes a child that it signals for killed
    assert.deepEqual(await end, { code: 0, output: "up\ngot SIGTERM\nclosed\n" });
  });

  it("ends all waiting at a second signal", async () => {
    const child = startProgram("retires", ["twice"]);
    const end = ended(child);
    await printsUp(child);
    const again = printsUp(child);
    process.kill(child.pid!, "SIGTERM");
    await again;
    // One that follows at once may be a copy of the first.
    const timer = setInterval(() => process.kill(child.pid!, "SIGINT"), 100);
    const { code, output } = await end;
    clearInterval(timer);
    assert.deepEqual([code, output], [3, "up\nup\nclosed\n"]);
  });

  it("is not kept alive before it retires", async () => {
    assert.deepEqual(await ended(startProgram("retires", ["idle"])), { code: 0, output: "" });
  });

  it("needs no permission of Deno", { skip: "Deno" in globalThis ? false : "needs Deno" }, () => {
    const file = fileURLToPath(new URL("../support/programs/retires.ts", import.meta.url));
    // By way of a shell: Deno's own spawn() adds permissions to a deno it starts.
    const { stdout, stderr, status } = spawnSync(
      "sh",
      ["-c", `exec '${process.execPath}' run --no-prompt --no-config '${file}' begin </dev/null`],
      { encoding: "utf8" },
    );
    assert.deepEqual([stdout, status], ["closed\n", 9], stderr);
  });

  it("retires in the main thread only", async () => {
    const { code, output } = await ended(startProgram("retires", ["worker"]));
    assert.equal(code, 0);
    assert.match(output, /Cannot retire from a worker thread, which cannot end the process/);
  });
});
