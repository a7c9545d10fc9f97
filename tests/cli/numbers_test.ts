import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { numberOf } from "../../src/cli/numbers.ts";
import { UsageError } from "../../src/cli/usage_error.ts";
import { refusesBadOptions } from "../support/bad_options.ts";

const whole = { least: 0, most: 10, whole: true };

describe("a number of the command line", () => {
  it("is the default where it is not given", () => {
    assert.equal(numberOf("n", undefined, 7, whole), 7);
  });

  it("is in its range, both ends included", () => {
    for (const text of ["0", "10", " 5 "]) {
      assert.equal(numberOf("n", text, 7, whole), Number(text));
    }
    assert.equal(numberOf("n", "2.5", 7, { ...whole, whole: false }), 2.5);
  });

  refusesBadOptions<string>(
    (text) => numberOf("n", text, 7, whole),
    ["", "  ", "-1", "11", "2.5", "x", "1x", "NaN", "Infinity"].map((text) => [
      JSON.stringify(text),
      text,
      UsageError,
      new RegExp(`^--n must be a whole number from 0 to 10: current value is "${text}"$`),
    ]),
    "number",
  );

  it("may have no upper end", () => {
    const open = { least: 1, most: Infinity, whole: false };
    assert.equal(numberOf("n", "1e12", 7, open), 1e12);
    assert.throws(() => numberOf("n", "0.5", 7, open), {
      message: '--n must be a number from 1 up: current value is "0.5"',
    });
  });
});
