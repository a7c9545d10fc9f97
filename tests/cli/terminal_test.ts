// The command line in a real terminal, which script(1) provides.

import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { ownRuntime } from "../support/own_runtime.ts";
import { withTempFolder } from "../support/temp.ts";

const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";

const root = new URL("../../", import.meta.url);
const cli = fileURLToPath(new URL("cli.ts", root));
const words = (command: string[]) => command.map((word) => `'${word}'`).join(" ");

/** A program in a terminal of its own; `stty -a` follows when it has ended. */
class InTerminal {
  output = "";
  readonly ended: Promise<void>;
  readonly #script: ChildProcess;
  readonly #pidFile: string;
  #changed: () => void = () => {};

  constructor(folder: string, command: string[]) {
    this.#pidFile = path.join(folder, "pid");
    const start = `sh -c 'echo $$ > "$0"; exec "$@"' ${words([this.#pidFile, ...command])}`;
    this.#script = spawn("script", ["-qfec", `${start}; echo "code $?"; stty -a`, "/dev/null"], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, SHELL: "/bin/sh" },
    });
    this.#script.stdout!.on("data", (data) => {
      this.output += data;
      this.#changed();
    });
    this.ended = new Promise((resolve) => this.#script.on("close", () => resolve()));
  }

  get pid(): number {
    return Number(fs.readFileSync(this.#pidFile, "utf8"));
  }

  /** Sends keys. */
  type(keys: string): void {
    this.#script.stdin!.write(keys);
  }

  /** Resolves when the kernel says that the process is stopped. */
  async stopped(): Promise<void> {
    const state = () => /\) (\w) /.exec(fs.readFileSync(`/proc/${this.pid}/stat`, "utf8"))?.[1];
    while (state() !== "T") await new Promise((resolve) => setImmediate(resolve));
  }

  /** Resolves when the output has this text that often, and rejects if it ends before. */
  async has(text: string, times = 1): Promise<void> {
    let ended = false;
    void this.ended.then(() => {
      ended = true;
      this.#changed();
    });
    while (this.output.split(text).length <= times) {
      if (ended) throw new Error(`it ended without ${JSON.stringify(text)}: ${this.output}`);
      await new Promise<void>((resolve) => this.#changed = resolve);
    }
  }
}

/** Asserts that the screen and the keyboard are as they were. */
function assertGivenBack({ output }: InTerminal): void {
  const left = output.lastIndexOf(LEAVE);
  assert.ok(left > output.lastIndexOf(ENTER), JSON.stringify(output.slice(-500)));
  assert.match(output.slice(left), / icanon[^]* echo /);
}

const skip = process.platform !== "linux" || spawnSync("script", ["--version"]).status !== 0;

describe("the live view in a terminal", { skip }, () => {
  const live = [...ownRuntime, cli, "watch", "--interval", "60000"];

  for (const signal of ["SIGHUP", "SIGTERM", "SIGINT"] as const) {
    it(`gives the terminal back at ${signal}`, () =>
      withTempFolder(async (folder) => {
        const program = new InTerminal(folder, live);
        await program.has("q quits");
        process.kill(program.pid, signal);
        await program.ended;
        assertGivenBack(program);
        assert.match(program.output, /code 0/);
      }));
  }

  for (const [name, key] of [["q", "q"], ["Ctrl-C", "\x03"]] as const) {
    it(`gives the terminal back at ${name}`, () =>
      withTempFolder(async (folder) => {
        const program = new InTerminal(folder, live);
        await program.has("q quits");
        program.type(key);
        await program.ended;
        assertGivenBack(program);
      }));
  }

  for (
    const [name, suspend] of [
      ["SIGTSTP", (program: InTerminal) => void process.kill(program.pid, "SIGTSTP")],
      ["Ctrl-Z", (program: InTerminal) => program.type("\x1a")],
    ] as const
  ) {
    it(`gives the terminal back while ${name} suspends it, and takes it over again`, () =>
      withTempFolder(async (folder) => {
        const program = new InTerminal(folder, live);
        await program.has("q quits");
        suspend(program);
        await program.has(LEAVE);
        await program.stopped();
        process.kill(program.pid, "SIGCONT");
        await program.has("q quits", 2);
        assert.ok(program.output.lastIndexOf(ENTER) > program.output.indexOf(LEAVE));
        program.type("q");
        await program.ended;
        assertGivenBack(program);
      }));
  }

  it("gives the terminal back when an error ends the program", () =>
    withTempFolder(async (folder) => {
      const file = path.join(folder, "broken.ts");
      fs.writeFileSync(
        file,
        `import { openTerminal } from ${JSON.stringify(new URL("platform/terminal.ts", root))};
        import { main } from ${JSON.stringify(new URL("src/cli/main.ts", root))};
        const terminal = openTerminal();
        const broken = { __proto__: terminal, takeOver: (on) => terminal.takeOver({
          ...on,
          onKey(key) {
            if (key === "x") throw new Error("broken key");
            on.onKey(key);
          },
        }) };
        await main(["watch", "--interval", "60000"], broken);`,
      );
      const program = new InTerminal(folder, [...ownRuntime, file]);
      await program.has("q quits");
      program.type("x");
      if ("Bun" in globalThis) {
        // Bun reports the error and goes on while the program is waited for.
        await program.has("broken key");
        program.type("q");
      }
      await program.ended;
      assertGivenBack(program);
      assert.match(program.output, /broken key/);
      assert.doesNotMatch(program.output, /code 0/);
    }));
});

describe("the command line in Deno's sandbox", { skip: skip || !("Deno" in globalThis) }, () => {
  const run = (folder: string, ...args: string[]) =>
    new InTerminal(folder, [process.execPath, "run", ...args]);

  it("never asks for a permission to read or write a file", () =>
    withTempFolder(async (folder) => {
      const recording = path.join(folder, "run.jsonl");
      fs.writeFileSync(recording, '{"at":1,"headroom":1}\n{"at":2,"headroom":1}\n');
      const reading = run(folder, cli, "plot", recording);
      await reading.ended;
      assert.match(reading.output, /^memctl: cannot read .*: Deno needs --allow-read=.*jsonl\r\n/);
      assert.match(reading.output, /code 1/);
      const chart = path.join(folder, "run.svg");
      const writing = run(folder, `--allow-read=${folder}`, cli, "plot", recording, "-o", chart);
      await writing.ended;
      assert.match(writing.output, /^memctl: cannot write .*: Deno needs --allow-write=.*svg\r\n/);
      const drawn = run(
        folder,
        `--allow-read=${folder}`,
        `--allow-write=${folder}`,
        cli,
        "plot",
        recording,
        "-o",
        chart,
      );
      await drawn.ended;
      assert.match(drawn.output, /^code 0/);
      assert.match(fs.readFileSync(chart, "utf8"), /<\/svg>/);
    }));

  it("never asks while it watches", () =>
    withTempFolder(async (folder) => {
      const program = run(folder, cli, "watch", "--interval", "60000");
      await program.has("q quits");
      program.type("q");
      await program.ended;
      assertGivenBack(program);
      assert.doesNotMatch(program.output, /Allow\?/);
    }));
});
