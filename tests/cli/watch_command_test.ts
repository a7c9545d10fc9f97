import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeTerminal, runCommand } from "../support/fake_terminal.ts";

describe("memctl watch", () => {
  it("prints lines where no terminal is", async () => {
    const { code, output } = await runCommand(["watch", "--interval", "1", "--count", "3"]);
    assert.equal(code, 0);
    const lines = output.trimEnd().split("\n");
    assert.equal(lines.length, 3);
    for (const line of lines) assert.match(line, /^\d{4}-\d\d-\d\dT[\d:.]+Z .*rss=\d/);
  });

  it("prints an object per line for machines", async () => {
    const { output } = await runCommand(["watch", "--json", "--interval", "1", "--count", "2"]);
    const objects = output.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.equal(objects.length, 2);
    assert.ok(objects.every(({ at, processRss }) => at > 0 && processRss > 0));
  });

  it("ends when the reader is gone", async () => {
    const terminal = new FakeTerminal();
    terminal.written = () => terminal.end();
    assert.equal((await runCommand(["watch", "--interval", "1"], terminal)).code, 0);
    assert.equal(terminal.output.split("\n").length, 2);
  });

  it("takes a terminal over, redraws it, and gives it back at q", async () => {
    const terminal = new FakeTerminal();
    terminal.isTerminal = true;
    let draws = 0;
    terminal.written = () => {
      if (!terminal.output.endsWith("\x1b[J")) return;
      draws++;
      if (draws === 1) {
        terminal.columns = 40;
        terminal.on!.onResize();
      } else if (draws === 2) {
        terminal.on!.onKey("x");
        terminal.on!.onKey("q");
      }
    };
    assert.equal((await runCommand(["watch", "--interval", "60000"], terminal)).code, 0);
    assert.equal(draws, 2);
    assert.ok(terminal.output.startsWith("\x1b[?1049h\x1b[?25l\x1b[H"));
    assert.ok(terminal.output.endsWith("\x1b[?25h\x1b[?1049l"));
    assert.equal(terminal.on, undefined);
  });
});

describe("the lines of watch", () => {
  const watch = async (...args: string[]) => {
    return await runCommand(["watch", "--interval", "1", "--count", "1", ...args]);
  };

  it("name the nearest ceiling", async () => {
    assert.match((await watch()).output, / nearest=(cgroup|system|heap)\n$/);
  });

  it("take both usages", async () => {
    for (const usage of ["current", "workingSet"]) {
      const { code, output } = await watch("--usage", usage, "--json");
      assert.equal(code, 0, usage);
      assert.ok(JSON.parse(output).at > 0);
    }
  });
});
