import assert from "node:assert/strict";
import { it } from "node:test";

/** A bad option: its name or title, the options that hold it, and the error that they cause. */
export type BadOption<Options> = readonly [
  title: string,
  options: Options,
  type: typeof TypeError | typeof RangeError,
  message: RegExp,
];

/** Declares a test for each row: `use` throws that error, or rejects with it. */
export function refusesBadOptions<Options>(
  use: (options: Options) => unknown,
  rows: readonly BadOption<Options>[],
): void {
  for (const [title, options, type, message] of rows) {
    it(`refuses a bad option: ${title}`, async () => {
      await assert.rejects(async () => await use(options), (error) => {
        assert.ok(error instanceof Error, String(error));
        assert.equal(error.constructor, type, String(error));
        assert.match(error.message, message);
        return true;
      });
    });
  }
}
