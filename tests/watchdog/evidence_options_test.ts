import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MiB } from "../../src/bytes.ts";
import { readEvidence } from "../../src/watchdog/evidence_options.ts";

const directory = "/somewhere";

describe("'evidence'", () => {
  it("has defaults", () => {
    assert.equal(readEvidence(undefined), undefined);
    assert.deepEqual(readEvidence({ directory }), {
      directory,
      at: 0.85,
      profileFrom: 0.5,
      minGap: 60_000,
      maxFiles: 20,
      maxBytes: 32 * MiB,
    });
  });

  it("needs no profile from above a lower threshold, unless told so", () => {
    assert.equal(readEvidence({ directory, at: "30%" })!.profileFrom, 0.3);
    assert.equal(readEvidence({ directory, at: "30%", profileFrom: "30%" })!.profileFrom, 0.3);
    assert.equal(readEvidence({ directory, profileFrom: false })!.profileFrom, undefined);
    assert.throws(
      () => readEvidence({ directory, at: "30%", profileFrom: "31%" }),
      new RangeError("'evidence.profileFrom' must be at most at, 30%: current value is 31%"),
    );
  });

  it("is read once", () => {
    let reads = 0;
    const options = {
      get directory() {
        reads++;
        return directory;
      },
      get profileFrom() {
        reads++;
        return undefined;
      },
    };
    readEvidence(options);
    assert.equal(reads, 2);
  });

  for (
    const [given, expected, name] of [
      [true, TypeError, "evidence"],
      [{}, TypeError, "evidence.directory"],
      [{ directory: "" }, TypeError, "evidence.directory"],
      [{ directory, at: 0.5 }, TypeError, "evidence.at"],
      [{ directory, at: "0%" }, RangeError, "evidence.at"],
      [{ directory, at: "101%" }, RangeError, "evidence.at"],
      [{ directory, profileFrom: true }, TypeError, "evidence.profileFrom"],
      [{ directory, minGap: -1 }, RangeError, "evidence.minGap"],
      [{ directory, minGap: "1m" }, TypeError, "evidence.minGap"],
      [{ directory, minGap: Infinity }, RangeError, "evidence.minGap"],
      [{ directory, maxFiles: 1 }, RangeError, "evidence.maxFiles"],
      [{ directory, maxFiles: 2.5 }, RangeError, "evidence.maxFiles"],
      [{ directory, maxBytes: 0 }, RangeError, "evidence.maxBytes"],
      [{ directory, maxBytes: NaN }, RangeError, "evidence.maxBytes"],
      [{ directory, maxBytes: "1MB" }, TypeError, "evidence.maxBytes"],
    ] as const
  ) {
    it(`refuses ${JSON.stringify(given)}`, () => {
      assert.throws(
        () => readEvidence(given as never),
        (error) => error instanceof expected && error.message.startsWith(`'${name}' must be`),
      );
    });
  }
});
