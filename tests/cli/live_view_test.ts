import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeTerminal, runCommand } from "../support/fake_terminal.ts";

/** Runs the live view; `keys` are pressed one after each picture. */
async function live(...keys: string[]) {
  const terminal = new FakeTerminal();
  terminal.isTerminal = true;
  terminal.columns = 60;
  const pictures: string[] = [];
  terminal.written = () => {
    if (!terminal.output.endsWith("\x1b[J")) return;
    pictures.push(terminal.output.slice(terminal.output.lastIndexOf("\x1b[H")));
    const key = keys.shift();
    if (key !== undefined) terminal.on!.onKey(key);
  };
  await runCommand(["watch", "--interval", "1"], terminal);
  return { terminal, pictures };
}

describe("the live view", () => {
  it("goes on at any other key, and ends at q and Q", async () => {
    assert.equal((await live("x", " ", "q")).pictures.length, 3);
    assert.equal((await live("w", "Q")).pictures.length, 2);
  });

  it("draws each line from its beginning to the end of the screen's line", async () => {
    const { pictures: [picture] } = await live("q");
    const rows = picture!.slice("\x1b[H".length, -"\x1b[J".length).split("\r\n");
    assert.ok(rows.length > 3);
    for (const row of rows) assert.ok(row.endsWith("\x1b[K"), JSON.stringify(row));
    assert.ok(rows[0]!.startsWith("memctl  every 1 ms"));
    for (const row of rows) assert.ok(row.length <= 60 + "\x1b[K".length);
  });

  it("draws nothing when the terminal is resized before the first snapshot", async () => {
    const terminal = new FakeTerminal();
    terminal.isTerminal = true;
    terminal.takeOver = (on) => {
      on.onResize();
      assert.doesNotMatch(terminal.output, /memctl/);
      terminal.written = () => terminal.output.endsWith("\x1b[J") && on.onKey("q");
      return () => {};
    };
    assert.equal((await runCommand(["watch", "--interval", "1"], terminal)).code, 0);
  });
});
