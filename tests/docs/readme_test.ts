// The README is read first, so it stays short.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string) => fs.readFileSync(path.join(root, file), "utf8");

describe("the README", () => {
  it("has at most 150 lines", () => {
    assert.ok(read("README.md").split("\n").length <= 150);
  });

  it("names every entry point", () => {
    const { exports } = JSON.parse(read("deno.json"));
    const readme = read("README.md");
    const names = Object.keys(exports).map((name) => `@x/memctl${name.slice(1)}`);
    for (const name of names) {
      // The command line is known by the name of its program.
      const shown = name === "@x/memctl/cli" ? "memctl doctor" : name;
      assert.ok(readme.includes(shown), `${name} is missing`);
    }
  });
});

describe("the index of docs/", () => {
  it("links to every page", () => {
    const index = read("docs/README.md");
    const pages = fs.readdirSync(path.join(root, "docs"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".md") && file !== "README.md");
    for (const page of pages) assert.ok(index.includes(`](${page})`), `${page} is missing`);
  });
});
