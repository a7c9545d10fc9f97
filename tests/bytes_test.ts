import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatBytes, GiB, KiB, MiB } from "../src/bytes.ts";

describe("formatBytes()", () => {
  const rows: [number, string][] = [
    [0, "0B"],
    [1, "1B"],
    [KiB - 1, "1023B"],
    [KiB, "1.0KiB"],
    [1.5 * KiB, "1.5KiB"],
    [MiB - 1, "1024.0KiB"],
    [MiB, "1.0MiB"],
    [212 * MiB, "212.0MiB"],
    [GiB, "1.0GiB"],
    [1_500 * GiB, "1500.0GiB"],
  ];
  for (const [bytes, text] of rows) {
    it(`writes ${bytes} bytes as ${text}`, () => assert.equal(formatBytes(bytes), text));
  }
});
