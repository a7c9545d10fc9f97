import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { checkEnvironment, type Expected } from "../support/environments.ts";
import { NO_RECORDINGS, recordings } from "../support/recordings.ts";

/**
 * Where the recording names another level than the one whose usage it
 * subtracts: the limit is the parent's, which the leaf's memory.stat repeats.
 */
const AT_PARENT = ["hybrid-openjdk"];

describe("recorded environments", () => {
  const folder = path.join(recordings ?? "", "environments");
  const names = recordings === undefined ? [] : fs.readdirSync(folder);
  for (const name of names) {
    it(name, () => {
      const root = path.join(folder, name);
      const expected: Expected = JSON.parse(
        fs.readFileSync(path.join(root, "expected.json"), "utf8"),
      );
      if (AT_PARENT.includes(name)) expected.at = path.dirname(expected.at!);
      checkEnvironment(root, expected);
    });
  }

  it("are all 42 of them", { skip: recordings === undefined && NO_RECORDINGS }, () => {
    assert.equal(names.length, 42);
  });
});
