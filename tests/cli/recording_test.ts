import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseRecording } from "../../src/cli/recording.ts";
import { UsageError } from "../../src/cli/usage_error.ts";
import { type BadOption, refusesBadOptions } from "../support/bad_options.ts";

const parse = (text: string, name: string) => parseRecording(text, name).recorded;

const LINE = '{"at":1}';

describe("a recording", () => {
  it("is sorted by time, and blank lines are skipped", () => {
    const text = ['{"at":3,"headroom":30}', "", "  \t", '{"at":1}', '{"at":2}', ""].join("\n");
    assert.deepEqual(parse(text, "f").map(({ at }) => at), [1, 2, 3]);
    assert.equal(parse(text, "f")[2]!.headroom, 30);
  });

  it("holds each figure that can be drawn, and nothing of others", () => {
    const figures = { headroom: 1, processRss: 2, cgroupCurrent: 3, cgroupLimit: 4 };
    const line = (at: number) => JSON.stringify({ at, ...figures, other: "x" });
    assert.deepEqual(parse(`${line(1)}\n${line(2)}`, "f"), [
      { at: 1, ...figures },
      { at: 2, ...figures },
    ]);
  });

  it("may lack figures, or have null for no limit", () => {
    const [first] = parse(`{"at":1,"cgroupLimit":null}\n${LINE}`, "f");
    assert.deepEqual(first, {
      at: 1,
      headroom: undefined,
      processRss: undefined,
      cgroupCurrent: undefined,
      cgroupLimit: undefined,
    });
  });

  it("has at least two lines", () => {
    assert.equal(parse(`${LINE}\n${LINE}`, "f").length, 2);
    assert.throws(
      () => parse(LINE, "run.jsonl"),
      /run\.jsonl.* 2 .*: current value is 1$/,
    );
    assert.throws(() => parse("\n", "f"), /current value is 0$/);
  });

  it("quotes at most 60 characters of a line", () => {
    const shown = (length: number) => {
      try {
        parse("x".repeat(length), "f");
      } catch (error) {
        return /current value is (".*")$/.exec((error as Error).message)?.[1];
      }
    };
    assert.equal(shown(60), `"${"x".repeat(60)}"`);
    assert.equal(shown(61), `"${"x".repeat(60)}…"`);
  });
});

/** A third line behind a good and an empty one. */
const line = (text: string, message: RegExp): BadOption<string> => [
  text,
  `${LINE}\n\n${text}\n`,
  UsageError,
  new RegExp(`^f, line 3${message.source}`),
];

describe("a recording that is none", () => {
  refusesBadOptions<string>((text) => parseRecording(text, "f"), [
    line("x", / must be JSON: current value is "x"$/),
    line('{"at"', / must be JSON: current value is "\{\\"at\\""$/),
    line("null", / must be an object: current value is "null"$/),
    line("5", / must be an object: current value is "5"$/),
    line("[1]", / must be an object: current value is "\[1\]"$/),
    line("{}", / must have a time, "at": current value is "\{\}"$/),
    line('{"at":null}', / must have a time/),
    line('{"at":"1"}', /: at must be a number: current value is "1"$/),
    line('{"at":1,"processRss":"a"}', /: processRss must be a number: current value is "a"$/),
    line('{"at":1,"headroom":{}}', /: headroom must be a number: current value is an object$/),
    line('{"at":1,"cgroupCurrent":[]}', /: cgroupCurrent must be a number/),
    line('{"at":1,"cgroupLimit":true}', /: cgroupLimit must be a number: current value is true$/),
    line('{"at":1e999}', /: at must be from -8640000000000000 to 8640000000000000: .* Infinity$/),
    line('{"at":1e300}', /: at must be from .* current value is 1e\+300$/),
    line('{"at":-8.65e15}', /: at must be from .* current value is -8650000000000000$/),
    line('{"at":1,"headroom":1e300}', /: headroom must be from 0 to \d+: .* 1e\+300$/),
    line('{"at":1,"cgroupLimit":1e999}', /: cgroupLimit must be from 0 to \d+: .* Infinity$/),
    line('{"at":1,"cgroupCurrent":2e19}', /: cgroupCurrent must be from 0 to \d+: .*$/),
    line('{"at":1,"processRss":-1}', /: processRss must be from 0 to \d+: .* -1$/),
  ], "line");

  refusesBadOptions<string>((text) => parseRecording(text, "f"), [
    [
      "a line that was cut in the middle",
      '{"at":1}\n{"at"\n{"at":3}',
      UsageError,
      /^f, line 2 must be JSON/,
    ],
    ["malformed text at its end", '{"at":1}\n{"at":2}\nab', UsageError, /^f, line 3 must be JSON/],
    [
      "a byte order mark behind its beginning",
      `${LINE}\n\uFEFF${LINE}`,
      UsageError,
      /^f, line 2 must be JSON/,
    ],
    [
      "too little before a cut line",
      '{"at":1}\n{"at"',
      UsageError,
      /^f must hold at least 2 lines of "memctl watch --json": current value is 1$/,
    ],
  ], "recording");
});
