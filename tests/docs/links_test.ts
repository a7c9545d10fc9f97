// Links of the documentation. What is published on its own (the README, the
// changelog, docstrings) links to the repository by absolute addresses. The
// other documents are read in the repository, where relative links resolve.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { REPOSITORY } from "../../tools/project.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Where a file of the repository is shown, and where its content is. */
const PLACES = [
  `${REPOSITORY}/blob/main/`,
  `${REPOSITORY}/tree/main/`,
  `${REPOSITORY.replace("https://github.com", "https://raw.githubusercontent.com")}/main/`,
];

const { publish } = JSON.parse(fs.readFileSync(path.join(root, "deno.json"), "utf8"));
const published = (publish.include as string[]).flatMap(filesBelow);
const documents = [
  ...["SECURITY.md", "CONTRIBUTING.md"],
  ...["docs", "deploy", "examples", "bench"].flatMap(filesBelow),
].filter((file) => file.endsWith(".md") && !file.includes("node_modules"));

interface Link {
  readonly file: string;
  readonly target: string;
}

describe("links of published files", () => {
  for (const { file, target } of published.flatMap(linksOf)) {
    it(`${file}: ${target}`, () => {
      if (target.startsWith("#")) return assertAnchor(file, target.slice(1));
      assert.match(target, /^https:\/\//, "is not absolute, so it leads nowhere when published");
      const place = PLACES.find((place) => target.startsWith(place));
      if (place !== undefined) return assertFile(target.slice(place.length));
      const own = target === REPOSITORY || target.startsWith(`${REPOSITORY}/`);
      assert.ok(
        !own || /\/(issues|security)(\/|$)|memctl(#readme)?$/.test(target),
        "unknown place",
      );
    });
  }
});

describe("links of documents in the repository", () => {
  for (const { file, target } of documents.flatMap(linksOf)) {
    if (/^https?:/.test(target)) continue;
    it(`${file}: ${target}`, () => {
      if (target.startsWith("#")) return assertAnchor(file, target.slice(1));
      assertFile(path.join(path.dirname(file), target));
    });
  }
});

/** All files of a folder, or the file itself. */
function filesBelow(place: string): string[] {
  if (!fs.statSync(path.join(root, place)).isDirectory()) return [place];
  return fs.readdirSync(path.join(root, place), { recursive: true, encoding: "utf8" })
    .map((file) => path.join(place, file))
    .filter((file) => fs.statSync(path.join(root, file)).isFile());
}

/** The links of a document, or of the docstrings of a source. */
function linksOf(file: string): Link[] {
  const isSource = file.endsWith(".ts");
  if (!isSource && !file.endsWith(".md")) return [];
  const text = fs.readFileSync(path.join(root, file), "utf8");
  const prose = isSource
    ? [...text.matchAll(/\/\*\*.*?\*\//gs)].map(([docstring]) => docstring).join("\n")
    : text;
  const plain = prose.replace(/^ *(\* )?```.*?^ *(\* )?```/gms, "").replace(/`[^`\n]*`/g, "");
  const targets = [
    ...plain.matchAll(/\]\(([^)\s]+)\)/g),
    ...plain.matchAll(/<(?:img|source|a)\b[^>]*?(?:src|srcset|href)="([^"]+)"/g),
  ].map(([, target]) => target!);
  return [...new Set(targets)].map((target) => ({ file, target }));
}

/** @param target The path of a file or folder in the repository, and maybe an anchor in it. */
function assertFile(target: string): void {
  const [file, anchor] = target.split("#");
  assert.ok(fs.existsSync(path.join(root, file!)), `there is no ${file}`);
  if (anchor !== undefined) assertAnchor(file!, anchor);
}

function assertAnchor(file: string, anchor: string): void {
  const text = fs.readFileSync(path.join(root, file), "utf8");
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => slug(heading!));
  assert.ok(
    headings.includes(anchor),
    `${file} has no heading ${anchor}, but ${headings.join(" ")}`,
  );
}

/** The anchor that GitHub gives a heading. */
function slug(heading: string): string {
  const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[`*]/g, "");
  return text.trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");
}
