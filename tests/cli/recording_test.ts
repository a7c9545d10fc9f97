import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseRecording } from "../../src/cli/recording.ts";

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

  const bad: [string, RegExp][] = [
    ["x", /f, line 3 must be JSON: current value is "x"$/],
    ["null", /f, line 3 must be an object: current value is "null"$/],
    ["5", /f, line 3 must be an object: current value is "5"$/],
    ["[1]", /f, line 3 must be an object: current value is "\[1\]"$/],
    ["{}", /f, line 3 must have a time.*: current value is "\{\}"$/],
    ['{"at":null}', /f, line 3 must have a time/],
    ['{"at":"1"}', /f, line 3: at must be a number: current value is "1"$/],
    ['{"at":1,"processRss":"a"}', /line 3: processRss must be a number: current value is "a"$/],
    ['{"at":1,"headroom":{}}', /line 3: headroom must be a number: current value is an object$/],
    ['{"at":1,"cgroupCurrent":[]}', /line 3: cgroupCurrent must be a number/],
    ['{"at":1,"cgroupLimit":true}', /line 3: cgroupLimit must be a number: current value is true$/],
  ];
  for (const [line, message] of bad) {
    it(`names the line that is none: ${line}`, () => {
      assert.throws(() => parse(`${LINE}\n\n${line}`, "f"), message);
    });
  }

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
