import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { main } from "../../src/cli/main.ts";
import type { Terminal } from "../../src/terminal.ts";
import { UsageError } from "../../src/cli/usage_error.ts";

/** A terminal that remembers what is written. */
class FakeTerminal implements Terminal {
  output = "";
  errors = "";
  isTerminal = false;
  colors = false;
  columns = 60;
  rows = 24;
  ended: AbortSignal = new AbortController().signal;
  on: Parameters<Terminal["takeOver"]>[0] | undefined;
  written: () => void = () => {};

  write(text: string): void {
    this.output += text;
    this.written();
  }
  writeError(text: string): void {
    this.errors += text;
  }
  takeOver(on: NonNullable<FakeTerminal["on"]>): () => void {
    this.on = on;
    return () => this.on = undefined;
  }
  untilStopped<T>(run: () => Promise<T>): Promise<T> {
    return run();
  }
  readText(): Promise<string> {
    return Promise.resolve("");
  }
  writeText(): void {}
}

/** Runs the live view; `keys` are pressed one after each picture. */
async function live(...keys: string[]) {
  const terminal = new FakeTerminal();
  terminal.isTerminal = true;
  const pictures: string[] = [];
  terminal.written = () => {
    if (!terminal.output.endsWith("\x1b[J")) return;
    pictures.push(terminal.output.slice(terminal.output.lastIndexOf("\x1b[H")));
    const key = keys.shift();
    if (key !== undefined) terminal.on!.onKey(key);
  };
  await main(["watch", "--interval", "1"], terminal);
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
    assert.equal(await main(["watch", "--interval", "1"], terminal), 0);
  });
});

describe("the lines of watch", () => {
  const watch = async (...args: string[]) => {
    const terminal = new FakeTerminal();
    const code = await main(["watch", "--interval", "1", "--count", "1", ...args], terminal);
    return { code, ...terminal };
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

describe("an error of the command line", () => {
  it("is told apart from a fault of the program, which is thrown", async () => {
    const terminal = new FakeTerminal();
    const fault = new Error("no space left");
    terminal.written = () => {
      throw fault;
    };
    await assert.rejects(main(["--help"], terminal), (error) => error === fault);
    assert.equal(terminal.errors, "");
    assert.equal(new UsageError("x").name, "UsageError");
  });

  it("names the option", async () => {
    for (const option of ["width", "height"]) {
      const terminal = new FakeTerminal();
      assert.equal(await main(["plot", "f", `--${option}`, "1"], terminal), 2);
      assert.match(terminal.errors, new RegExp(`--${option} must be .*: current value is "1"`));
    }
  });
});
