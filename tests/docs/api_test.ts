// What a documentation site shows of each exported symbol.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type Api, entryPoints, firstSentence, readApi } from "../../tools/api.ts";
import { findDeno } from "../support/runtimes.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const deno = findDeno();
const skip = deno === undefined && "needs Deno";

/** Functions and constructors that throw for no argument of the right type. */
const NEVER_THROW = ["MemInfo", "ProcessError", "releaseWith"];

describe("the published API", { skip }, () => {
  const { modules, symbols }: Api = deno ? readApi(deno) : { modules: new Map(), symbols: [] };

  it("has entry points whose docstring begins with a sentence and has an example", () => {
    for (const [entry, doc] of modules) {
      assertSentence(firstSentence(doc), entry);
      assert.match(doc, /```(ts|sh)\n/, `the docstring of ${entry} has no example`);
    }
  });

  for (const symbol of symbols) {
    const { name, entry, kind, doc, tags, since, members, constructorTags } = symbol;
    const label = `${name} of ${entry}`;

    it(`describes ${label}`, () => {
      assertSentence(firstSentence(doc), label);
      assert.match(since ?? "", /^\d+\.\d+\.\d+\n?$/, `${label} has no @since`);
      for (const member of members) {
        assert.notEqual(member.doc, "", `${label} does not describe ${member.name}`);
      }
      if (kind !== "function" && kind !== "class") return;
      assert.match(doc, /```ts\n/, `${label} has no example`);
      const thrower = kind === "class" ? constructorTags : tags;
      if (thrower !== undefined && !NEVER_THROW.includes(name)) {
        assert.ok(thrower.includes("throws"), `${label} does not say what it throws`);
      }
    });
  }

  it("becomes a site without a warning", { timeout: 60_000 }, () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "memctl-site-"));
    const site = ["doc", "--html", "--name=memctl", `--output=${folder}`, ...entryPoints()];
    const { status, stderr } = spawnSync(deno!, site, { cwd: root, encoding: "utf8" });
    const pages = fs.readdirSync(folder, { recursive: true, encoding: "utf8" });
    fs.rmSync(folder, { recursive: true });
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stderr, /warn|error/i);
    assert.ok(pages.length > symbols.length, `${pages.length} pages`);
  });
});

function assertSentence(text: string, label: string): void {
  assert.match(text, /^["`A-Z].*[.]$/, `${label} does not begin with a sentence`);
}
