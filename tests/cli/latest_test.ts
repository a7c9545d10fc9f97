import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Latest } from "../../src/cli/latest.ts";

describe("the latest values", () => {
  it("are all of them up to a number, and then the newest", () => {
    const latest = new Latest<number>(3);
    assert.deepEqual(latest.values, []);
    const seen: string[] = [];
    for (let i = 1; i <= 5; i++) {
      latest.add(i);
      seen.push(latest.values.join());
    }
    assert.deepEqual(seen, ["1", "1,2", "1,2,3", "2,3,4", "3,4,5"]);
  });
});
