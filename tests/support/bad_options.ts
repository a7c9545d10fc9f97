import assert from "node:assert/strict";
import { it } from "node:test";

/** A bad option: its name or title, the options that hold it, and the error that they cause. */
export type BadOption<Options> = readonly [
  title: string,
  options: Options,
  type: new (message: string) => Error,
  message: RegExp,
];

/**
 * Declares a test for each row: `use` throws that error, or rejects with it.
 *
 * @param kind What the rows hold, for the names of the tests.
 */
export function refusesBadOptions<Options>(
  use: (options: Options) => unknown,
  rows: readonly BadOption<Options>[],
  kind = "option",
): void {
  for (const [title, options, type, message] of rows) {
    it(`refuses a bad ${kind}: ${title}`, async () => {
      await assert.rejects(async () => await use(options), (error) => {
        assert.ok(error instanceof Error, String(error));
        assert.equal(error.constructor, type, String(error));
        assert.match(error.message, message);
        return true;
      });
    });
  }
}
