// A program can throw any value, so describing one must not fail.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeThrown, messageOf } from "../src/thrown.ts";

const withoutText: unknown[] = [
  Object.create(null),
  { toString: () => assert.fail("no text") },
  Object.defineProperty(new Error(), "message", { get: () => assert.fail("no message") }),
];

describe("the description of a thrown value", () => {
  it("is the name and the message of an error, or the message alone", () => {
    const error = new RangeError("too far");
    assert.equal(describeThrown(error), "RangeError: too far");
    assert.equal(messageOf(error), "too far");
  });

  it("is the text of a value that is no error", () => {
    for (const describe of [describeThrown, messageOf]) {
      assert.equal(describe("plain"), "plain");
      assert.equal(describe(undefined), "undefined");
      assert.equal(describe(Symbol("s")), "Symbol(s)");
    }
  });

  it("replaces a value that has no text", () => {
    for (const describe of [describeThrown, messageOf]) {
      for (const thrown of withoutText) {
        assert.equal(describe(thrown), "an object that cannot be shown");
      }
    }
  });
});
