// The reference tables of the documentation against the types that they show.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { readApi } from "../../tools/api.ts";
import { pages, tabled, unaligned, withTables } from "../../tools/tables.ts";
import { findDeno } from "../support/runtimes.ts";

const deno = findDeno();
const skip = deno === undefined && "needs Deno";

/** What an exported type of options is called. */
const OPTIONS = /(Options|Rules|Controls|Level|Cost|Thresholds)$/;

describe("reference tables", { skip }, () => {
  const api = deno ? readApi(deno) : { modules: new Map(), symbols: [] };
  const texts = pages().map((page) => ({ page, text: fs.readFileSync(page, "utf8") }));

  for (const { page, text } of texts) {
    it(`docs/${path.basename(page)} shows the options as they are`, () => {
      const wanted = unaligned(withTables(text, api));
      assert.equal(unaligned(text), wanted, "out of date: run `deno task docs:tables`");
    });
  }

  const shown = texts.flatMap(({ text }) => tabled(text));
  const own = api.symbols.filter(({ name, members }) => OPTIONS.test(name) && members.length > 0);
  for (const { name, entry } of own) {
    it(`show the options of ${name} of ${entry} on some page`, () => {
      const found = shown.some((table) =>
        table.name === name && (table.entry === undefined || `${table.entry}.ts` === entry)
      );
      assert.ok(found, "put `<!-- options of NAME -->` and `<!-- end -->` where it belongs");
    });
  }
});
