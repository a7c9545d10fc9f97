import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { main } from "../../src/cli/main.ts";
import { UsageError } from "../../src/cli/usage_error.ts";
import { type BadOption, refusesBadOptions } from "../support/bad_options.ts";
import { FakeTerminal, runCommand } from "../support/fake_terminal.ts";
import { RECORDED } from "../support/recording.ts";

/** A terminal with a recording. */
function withRecording(): FakeTerminal {
  const terminal = new FakeTerminal();
  terminal.files["f"] = RECORDED;
  return terminal;
}

/** Runs a command line; rejects with what it tells of a line that it does not carry out. */
async function carryOut(args: string[]): Promise<void> {
  const { code, errors, output } = await runCommand(args, withRecording());
  if (code !== 2) return;
  assert.equal(output, "");
  const [, message] = /^memctl: (.*)\nTry: memctl --help\n$/.exec(errors)!;
  throw new UsageError(message);
}

const refused = (line: string, message: RegExp): BadOption<string[]> => [
  line,
  line.split(" ").filter((word) => word !== "").map((word) => word === '""' ? "" : word),
  UsageError,
  message,
];

describe("the command line", () => {
  it("helps, with each command and each option", async () => {
    for (const args of [["--help"], ["-h"], ["help"], ["watch", "--help"], ["plot", "--help"]]) {
      const { code, output, errors } = await runCommand(args);
      assert.deepEqual([code, errors], [0, ""]);
      for (const word of ["doctor", "watch", "plot", "--json", "--interval", "--count"]) {
        assert.ok(output.includes(`${word} `), word);
      }
      for (const word of ["--usage", "--output", "--width", "--height", "--help"]) {
        assert.ok(output.includes(`  ${word} `) || output.includes(`, ${word} `), word);
      }
      assert.match(output, /^memctl: .*\n\nusage: memctl doctor [^]*\nexit codes:\n[^]*\n$/);
    }
  });

  it("takes -h for the word of a command only", async () => {
    await assert.rejects(carryOut(["watch", "-h"]), /watch: Unknown option '-h'/);
  });

  it("passes each option on to its command", async () => {
    const lines = async (...args: string[]) =>
      (await runCommand(["watch", "--interval", "1", "--count", "2", ...args])).output.trimEnd();
    assert.equal((await lines()).split("\n").length, 2);
    for (const line of (await lines("--json", "--usage", "workingSet")).split("\n")) {
      assert.ok(JSON.parse(line).at > 0);
    }
    assert.ok(JSON.parse((await runCommand(["doctor", "--json"])).output).signals);
    for (const output of ["--output", "-o"]) {
      const args = ["plot", "f", output, "x.svg", "--width", "300", "--height", "240"];
      const { code, files } = await runCommand(args, withRecording());
      assert.equal(code, 0);
      assert.match(files["x.svg"]!, /^<svg [^>]*viewBox="0 0 300 240"/);
    }
  });

  it("knows the options of a command for that command only", async () => {
    for (const line of ["doctor --count 1", "watch --width 300", "plot f --json"]) {
      await assert.rejects(carryOut(line.split(" ")), /^UsageError: \w+: Unknown option '--\w+'$/);
    }
  });

  refusesBadOptions(carryOut, [
    refused("", /^a command is missing: one of doctor, watch, plot, plan, report, exec$/),
    refused(
      "toString",
      /^the command must be one of doctor, watch, plot, plan, report, exec: current value is "toString"$/,
    ),
    refused("watch more", /^watch takes no argument: current value is "more"$/),
    refused("doctor more", /^doctor takes no argument: current value is "more"$/),
    refused("watch --colour", /^watch: Unknown option '--colour'$/),
    refused("watch --interval", /^watch: Option '--interval/),
    refused("watch --interval fast", /^--interval must be a number from 1.*"fast"$/),
    refused("watch --interval 0.5", /^--interval must be a number from 1.*"0\.5"$/),
    refused('watch --interval ""', /^--interval must be .*""$/),
    refused("watch --interval 2147483648", /^--interval must be .* to 2147483647: .*"2147483648"$/),
    refused("watch --count 1.5", /^--count must be a whole number from 1 up.*"1\.5"$/),
    refused("watch --count 0", /^--count must be a whole number from 1 up.*"0"$/),
    refused("watch --usage all", /^--usage must be current or workingSet.*"all"$/),
    refused("doctor --json=yes", /^doctor: Option '--json' does not take an argument$/),
    refused("plot", /^plot takes one file: current value is 0 of them$/),
    refused("plot a b", /^plot takes one file: current value is 2 of them$/),
  ]);

  it("takes the ends of each range", async () => {
    for (
      const line of [
        "watch --interval 1 --count 1",
        "watch --interval 2147483647 --count 1",
      ]
    ) await carryOut(line.split(" "));
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
});
