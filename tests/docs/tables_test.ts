// The reference tables of the documentation against the types that they show.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { readApi } from "../../tools/api.ts";
import { pages, unaligned, withTables } from "../../tools/tables.ts";
import { findDeno } from "../support/runtimes.ts";

const deno = findDeno();
const skip = deno === undefined && "needs Deno";

describe("reference tables", { skip }, () => {
  const api = deno ? readApi(deno) : { modules: new Map(), symbols: [] };
  const texts = pages().map((page) => ({ page, text: fs.readFileSync(page, "utf8") }));

  for (const { page, text } of texts) {
    it(`docs/${path.basename(page)} shows the options as they are`, () => {
      const wanted = unaligned(withTables(text, api));
      assert.equal(unaligned(text), wanted, "out of date: run `deno task docs:tables`");
    });
  }
});
